"""Pages of the compute network: pools, jobs, quotas, as far as the reader sees them."""


def test_without_a_pool_the_page_says_how_one_joins(signed):
    page = signed("viewer").get("/compute")
    assert page.status_code == 200
    assert "qianhang compute pool add pools.toml" in page.text
    assert "ascend-910b" in page.text
