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

  function option(box, values) {
    const which = Number(box.dataset.measure);
    const data = Object.entries(values).map(([name, both]) => ({ name, value: both[which] }))
      .filter((one) => one.value !== null && one.value !== undefined);
    const most = which === 0 ? 1 : Math.max(1, ...data.map((one) => one.value));
    const shown = (value) => (which === 0 ? Math.round(value * 100) + "%" : String(value));
    return {
      tooltip: { formatter: (given) => given.name + (Number.isFinite(given.value) ? " " + shown(given.value) : "") , renderMode: "richText" },
      visualMap: { min: 0, max: most, left: 8, bottom: 8, calculable: false, text: [shown(most), shown(0)], textStyle: { color: colour("--muted") },
        inRange: { color: ["--r1", "--r3", "--r6", "--r7"].map(colour) } },
      series: [{ type: "map", map: "operator", name: box.dataset.word, data, roam: false,
        itemStyle: { areaColor: colour("--soft"), borderColor: colour("--edge") },
        emphasis: { itemStyle: { areaColor: colour("--hit") }, label: { color: colour("--ink") } }, select: { disabled: true } }],
    };
  }

  function draw(box) {
    const values = JSON.parse(document.getElementById(box.dataset.values).textContent);
    Promise.all([load(document.body.dataset.echarts), fetch(box.dataset.map).then((answer) => answer.json())]).then(([, map]) => {
      window.echarts.registerMap("operator", map);
      const chart = window.echarts.init(box, null, { renderer: "svg" });
      chart.setOption(option(box, values));
      new ResizeObserver(() => { if (box.clientWidth && box.clientHeight) chart.resize(); }).observe(box);
      new MutationObserver(() => chart.setOption(option(box, values))).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    });
  }

  document.querySelectorAll(".geo[data-map]").forEach(draw);
})();
