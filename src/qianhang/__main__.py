"""`python -m qianhang`."""

from qianhang.cli import main

main()
