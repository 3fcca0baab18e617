// The operator's own map, drawn with the colours of the tiles.
(function () {
  "use strict";
  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function load(address) {
    if (window.echarts) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const made = document.createElement("script");
      made.src = address;
      made.onload = resolve;
      made.onerror = reject;
      document.head.append(made);
    });
  }

  // The region that the page has opened is edged; nothing known of it leaves it without a colour.
  function datum(name, one, box) {
    const value = one[box.dataset.measure];
    const known = value !== null && value !== undefined && !(box.dataset.measure === "scenarios" && value === 0);
    const open = box.dataset.chosen && one.province === box.dataset.chosen;
    return { name, value: known ? value : NaN, itemStyle: open ? { borderColor: colour("--ink"), borderWidth: 2 } : {} };
  }

  function option(box, regions) {
    const share = box.dataset.measure === "share";
    const data = Object.entries(regions).map(([name, one]) => datum(name, one, box));
    const most = share ? 1 : Math.max(1, ...data.map((one) => one.value).filter(Number.isFinite));
    const shown = (value) => (share ? Math.round(value * 100) + "%" : String(value));
    const said = (name) => (regions[name] ? regions[name].said : name);
    const narrow = box.clientWidth < 500;
    return {
      tooltip: { formatter: (given) => said(given.name) + (Number.isFinite(given.value) ? " " + shown(given.value) : ""), renderMode: "richText" },
      visualMap: { min: 0, max: most, left: narrow ? "center" : 8, bottom: narrow ? 0 : 8, orient: narrow ? "horizontal" : "vertical", itemHeight: narrow ? 120 : 140, calculable: false, text: [shown(most), shown(0)], textStyle: { color: colour("--muted") },
        inRange: { color: ["--r1", "--r3", "--r6", "--r7"].map(colour) } },
      series: [{ type: "map", map: "operator", data, ...(narrow ? { top: 8, bottom: 36 } : {}), roam: false, label: { show: false },
        itemStyle: { areaColor: colour("--soft"), borderColor: colour("--edge") },
        emphasis: { itemStyle: { areaColor: colour("--hit") }, label: { show: true, color: colour("--ink"), formatter: (given) => said(given.name) } }, select: { disabled: true } }],
    };
  }

  function link(province) {
    return [...document.querySelectorAll(".opens a[data-province]")].find((one) => one.dataset.province === province);
  }

  // A click follows the province's own link, which keyboard and screen reader use as it is; a link
  // that has the focus shows its regions on the map.
  function lead(chart, regions) {
    chart.on("click", (given) => {
      const to = regions[given.name] && link(regions[given.name].province);
      if (to) to.click();
    });
    document.querySelectorAll(".opens a[data-province]").forEach((one) => {
      const names = Object.keys(regions).filter((name) => regions[name].province === one.dataset.province);
      const show = (type) => () => chart.dispatchAction({ type, seriesIndex: 0, name: names });
      for (const event of ["focus", "mouseenter"]) one.addEventListener(event, show("highlight"));
      for (const event of ["blur", "mouseleave"]) one.addEventListener(event, show("downplay"));
    });
  }

  function draw(box) {
    const regions = JSON.parse(document.getElementById(box.dataset.values).textContent);
    Promise.all([load(document.body.dataset.echarts), fetch(box.dataset.map).then((answer) => answer.json())]).then(([, map]) => {
      window.echarts.registerMap("operator", map);
      const chart = window.echarts.init(box, null, { renderer: "svg" });
      chart.setOption(option(box, regions));
      lead(chart, regions);
      // The first word of a box is its own size: to draw again then would lose a click that was under way.
      new ResizeObserver(() => {
        const [wide, high] = [box.clientWidth, box.clientHeight];
        if (wide && high && (wide !== chart.getWidth() || high !== chart.getHeight())) chart.resize();
      }).observe(box);
      new MutationObserver(() => chart.setOption(option(box, regions))).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    });
  }

  document.querySelectorAll(".geo[data-map]").forEach(draw);
})();
