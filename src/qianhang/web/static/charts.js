// Chart options as they come from the server name their colours and functions; here the names
// become the theme's colours and real functions, and the picture is fitted to its box.
(function () {
  "use strict";
  const COLOURED = /colou?r$|^(fill|stroke)$/i;
  const FUNCTIONS = new Set(["formatter", "valueFormatter", "renderItem"]);

  // Numbers and times as the server writes them.
  function minus(text) { return text.replace(/^-/, "−"); }

  function exact(value, digits) {
    if (value === null || value === undefined || !Number.isFinite(Number(value))) return "–";
    const number = Number(value);
    const size = Math.floor(Math.log10(Math.abs(number)));
    if (Math.abs(number) < 1e-12) return "0";
    if (Number.isInteger(number)) return minus(number.toLocaleString("en-US"));
    if (size < -4) return minus(number.toExponential(Math.max(digits - 2, 1)).replace("e", "×10^"));
    const most = Math.min(Math.max(digits - 1 - size, 0), 8);
    return minus(number.toLocaleString("en-US", { maximumFractionDigits: most }));
  }

  function two(number) { return String(number).padStart(2, "0"); }

  function moment(value) {
    const at = new Date(value);
    const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
    const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
    return clock === "00:00" ? day : `${day} ${clock}`;
  }

  function tickOfTime(lang) {
    const tag = lang === "zh" ? "zh-CN" : "en-GB";
    const form = (parts) => new Intl.DateTimeFormat(tag, { timeZone: "UTC", ...parts });
    const day = form({ month: "short", day: "numeric" });
    const month = form({ year: "numeric", month: "short" });
    const year = form({ year: "numeric" });
    return (value, index, extra) => {
      const at = new Date(value);
      const unit = (extra && extra.time && extra.time.upperTimeUnit) || (extra && extra.upperTimeUnit);
      if (at.getUTCHours() || at.getUTCMinutes()) return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
      if (at.getUTCDate() !== 1 || (unit && unit !== "month" && unit !== "year")) return day.format(at);
      return at.getUTCMonth() === 0 && unit === "year" ? year.format(at) : month.format(at);
    };
  }

  function withUnit(text, unit) {
    if (!unit || text === "–") return text;
    return /^[%‰\u2e80-\uffff]/.test(unit) ? text + unit : `${text} ${unit}`;
  }

  // "@name:first:second" -> a maker of the function, which is told the rest of the option.
  const FORMATS = {
    number: (option, size, word) => (value) => {
      const shown = Number(value) / (Number(size) || 1);
      return minus(shown.toLocaleString("en-US", { maximumFractionDigits: 8 })) + (Number(value) ? word || "" : "");
    },
    plain: () => (value) => minus(String(value)),
    percent: (option, digits) => (value) => minus(`${(Number(value) * 100).toFixed(Number(digits) || 0)}%`),
    exact: (option, digits) => (given) => {
      const value = given && given.value !== undefined ? given.value : given;
      const across = option.yAxis && [].concat(option.yAxis)[0].type === "category";
      const one = Array.isArray(value) ? value[value.length > 2 ? 2 : across ? 0 : 1] : value;
      return exact(one, Number(digits) || 4);
    },
    value: (option, unit) => (value) => {
      const parts = [].concat(value).map((one) => exact(one, 4));
      return withUnit(parts.join(" – "), unit);
    },
    time: (option) => tickOfTime((option.qh && option.qh.lang) || document.documentElement.lang.slice(0, 2)),
    moment: () => (given) => moment(given.value),
    at: (option, unit, name) => (given) => `${name} ${withUnit(exact(given.value, 4), unit)}`,
    row: () => (text) => {
      const at = text.lastIndexOf("\n");
      return at < 0 ? text : `${text.slice(0, at)}\n{m|${text.slice(at + 1)}}`;
    },
    point: (option) => (given) => {
      const [x, ...ys] = given.value, ends = ys.map((y) => exact(y, 4)).join(" – ");
      return `${given.seriesName}\n${option.xAxis.name}  ${exact(x, 4)}\n${option.title[0].text}  ${ends}`;
    },
    tip: () => (given) => (given.data && given.data.tip) || given.name || "",
    cell: (option, unit) => (given) => {
      const [column, row, value] = given.value;
      return `${option.yAxis.data[row]} · ${option.xAxis.data[column]}\n${withUnit(exact(value, 4), unit)}`;
    },
    link: (option, unit, name) => (given) => {
      const value = given.value[4];
      return Number.isFinite(value) ? `${name}\n${withUnit(exact(value, 4), unit)}` : "";
    },
  };

  function line(from, to, style) {
    return { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, style };
  }

  const ITEMS = {
    // A filled band from each gap to the next; its points are all drawn by its first.
    band: () => (params, api) => {
      const held = (i) => Number.isFinite(api.value(1, i)) && Number.isFinite(api.value(2, i));
      const first = params.dataIndexInside;
      if (!held(first) || (first > 0 && held(first - 1))) return null;
      const up = [], down = [];
      for (let i = first; i < params.dataInsideLength && held(i); i += 1) {
        up.push(api.coord([api.value(0, i), api.value(2, i)]));
        down.push(api.coord([api.value(0, i), api.value(1, i)]));
      }
      return { type: "polygon", shape: { points: up.concat(down.reverse()) }, style: { fill: api.visual("color") }, silent: true };
    },
    whisker: () => (params, api) => {
      if (!Number.isFinite(api.value(1)) || !Number.isFinite(api.value(2))) return null;
      const from = api.coord([api.value(0), api.value(1)]), to = api.coord([api.value(0), api.value(2)]);
      return line(from, to, { stroke: api.visual("color"), lineWidth: 1.25 });
    },
    // A value with its interval lying on a row.
    interval: () => (params, api) => {
      const tint = api.visual("color");
      const [x, y] = api.coord([api.value(0), api.value(1)]);
      const children = [{ type: "rect", shape: { x: x - 4.5, y: y - 4.5, width: 9, height: 9, r: 1 }, style: { fill: tint } }];
      if (Number.isFinite(api.value(2)) && Number.isFinite(api.value(3))) {
        const from = api.coord([api.value(2), api.value(1)])[0], to = api.coord([api.value(3), api.value(1)])[0];
        const style = { stroke: tint, lineWidth: 1.75 };
        children.unshift(line([from, y], [to, y], style), line([from, y - 4], [from, y + 4], style), line([to, y - 4], [to, y + 4], style));
      }
      return { type: "group", children };
    },
    // What must be kept, as a dashed stroke across the row of its bar.
    limit: () => (params, api) => {
      const [x, y] = api.coord([api.value(0), api.value(1)]);
      const half = api.size([0, 1])[1] / 2;
      return line([x, y - half], [x, y + half], { stroke: api.visual("color"), lineWidth: 1.5, lineDash: [5, 3] });
    },
    span: (option, colours) => (params, api) => {
      const [x, y] = api.coord([api.value(1), api.value(0)]);
      const end = api.coord([api.value(2), api.value(0)])[0];
      const half = Math.min(api.size([0, 1])[1] * 0.36, 10);
      const wide = Math.max(end - x, 3);
      const given = option.series[params.seriesIndex].data[params.dataIndex];
      const box = { x, y: y - half, width: wide, height: 2 * half, r: 2 };
      const made = { type: "rect", shape: box, style: { fill: api.visual("color"), stroke: colours("$paper"), lineWidth: wide > 6 ? 1 : 0 } };
      if (given.name && half > 6) {
        made.textConfig = { position: "inside" };
        made.textContent = { type: "text", style: { text: measure(given.name) + 8 < wide ? given.name : "", fill: colours("$paper"), fontSize: 11 } };
      }
      return made;
    },
    // A piece of a network; the grey casing keeps the palest step visible on the paper.
    link: (option, colours) => (params, api) => {
      const from = api.coord([api.value(0), api.value(1)]), to = api.coord([api.value(2), api.value(3)]);
      if (!Number.isFinite(api.value(4))) return line(from, to, { stroke: colours("$trivial"), lineWidth: 1.25 });
      const children = [line(from, to, { stroke: colours("$trivial"), lineWidth: 3 }), line(from, to, { stroke: api.visual("color"), lineWidth: 2 })];
      return { type: "group", children };
    },
  };

  // Colours: "$ours" is the page's --ours, "$ours/16" the same at 16 percent.
  function palette() {
    const found = getComputedStyle(document.documentElement), known = new Map();
    return (token) => {
      if (!known.has(token)) {
        const [name, share] = token.slice(1).split("/");
        const value = found.getPropertyValue(`--${name}`).trim();
        known.set(token, share === undefined ? value : faded(value, Number(share) / 100));
      }
      return known.get(token);
    };
  }

  function faded(colour, share) {
    const hex = colour.length === 4 ? colour.replace(/[^#]/g, "$&$&") : colour;
    const part = (at) => parseInt(hex.slice(at, at + 2), 16);
    return `rgba(${part(1)},${part(3)},${part(5)},${share})`;
  }

  let pen = null;
  function measure(text, size) {
    pen = pen || document.createElement("canvas").getContext("2d");
    pen.font = `${size || 12}px ${getComputedStyle(document.body).fontFamily}`;
    return pen.measureText(text).width;
  }

  // "@width:0.4" is that share of the box; "@roomy:24:38" whether 24 columns get 38 pixels each.
  function sized(text, width) {
    const [name, first, second] = text.slice(1).split(":");
    if (name === "width") return Math.round(width * Number(first));
    return name === "roomy" ? (width * 0.86) / Number(first) >= Number(second) : text;
  }

  function bound(value, key, told) {
    if (Array.isArray(value)) {
      const coloured = COLOURED.test(key) || value.some((one) => one !== null && typeof one === "object");
      return coloured ? value.map((one) => bound(one, key, told)) : value;
    }
    if (value !== null && typeof value === "object") {
      const made = {};
      for (const name of Object.keys(value)) made[name] = bound(value[name], name, told);
      return made;
    }
    if (typeof value !== "string") return value;
    if (value[0] === "$" && COLOURED.test(key)) return told.colours(value);
    if (value[0] !== "@") return value;
    if (FUNCTIONS.has(key)) {
      const [name, ...rest] = value.slice(1).split(":");
      if (key === "renderItem") return ITEMS[name](told.option, told.colours);
      return FORMATS[name](told.option, ...rest);
    }
    return key === "width" || key === "show" ? sized(value, told.width) : value;
  }

  function legendRows(legend, width) {
    if (!legend || legend.show === false || !legend.data.length) return 0;
    let rows = 1, x = 0;
    for (const entry of legend.data) {
      const wide = legend.itemWidth + 5 + measure(entry.name);
      if (x > 0 && x + wide > width) { rows += 1; x = 0; }
      x += wide + legend.itemGap;
    }
    return rows;
  }

  // A legend of several rows pushes down whatever stands under it.
  function extra(option, width) {
    const rows = legendRows(option.legend, width);
    return rows > 1 ? (rows - 1) * (option.legend.itemGap + 12) : 0;
  }

  function lower(made, by) {
    if (!by) return;
    const parts = [].concat(made.title || [], made.grid || [], made.visualMap || []);
    for (const part of parts) if (typeof part.top === "number") part.top += by;
  }

  // Names take no more room than the longest of them needs.
  function narrow(made) {
    for (const axis of [].concat(made.yAxis || [])) {
      const label = axis.axisLabel;
      if (axis.type !== "category" || !label || typeof label.width !== "number") continue;
      const lines = axis.data.flatMap((name) => String(name).split("\n"));
      label.width = Math.min(label.width, Math.ceil(Math.max(...lines.map((one) => measure(one)), 0)) + 2);
    }
  }

  // One metre east is as long as one metre north.
  function square(made, width, height) {
    const grid = made.grid, x = made.xAxis, y = made.yAxis;
    const wide = width - grid.left - grid.right, tall = height - grid.top - grid.bottom;
    const scale = Math.max((x.max - x.min) / wide, (y.max - y.min) / tall) || 1;
    for (const [axis, room] of [[x, wide], [y, tall]]) {
      const middle = (axis.min + axis.max) / 2;
      axis.min = middle - (scale * room) / 2;
      axis.max = middle + (scale * room) / 2;
    }
  }

  // Pixels that the picture needs; a network that is broader than its box is lower than planned.
  function height(option, box) {
    if (!option.qh) return 0;
    const width = box.clientWidth, whole = option.qh.height + extra(option, width);
    if (!option.qh.square) return whole;
    const { grid, xAxis: x, yAxis: y } = option;
    const needed = ((y.max - y.min) / (x.max - x.min || 1)) * (width - grid.left - grid.right);
    return Math.min(whole, Math.max(needed + grid.top + grid.bottom, 160));
  }

  // The option with the theme's colours and real functions, fitted to the width of its box.
  function ready(option, box) {
    const width = (box && box.clientWidth) || 640;
    const told = { option, width, colours: palette() };
    const made = bound(option, "", told);
    delete made.qh;
    lower(made, extra(option, width));
    narrow(made);
    if (option.qh && option.qh.square) square(made, width, height(option, box || { clientWidth: width }));
    made.textStyle = { ...made.textStyle, fontFamily: getComputedStyle(document.body).fontFamily };
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) made.animation = false;
    return made;
  }

  // Every chart on the page: box -> { option, chart, width }.
  const drawn = new Map();

  function inline(box) {
    return JSON.parse(document.getElementById(box.dataset.chart).textContent);
  }

  async function optionOf(box) {
    if (!box.dataset.src) return inline(box);
    const answer = await fetch(box.dataset.src, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${answer.status} ${box.dataset.src}`);
    return answer.json();
  }

  const widths = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const known = drawn.get(target);
      if (known && target.clientWidth && target.clientWidth !== known.width) paint(target, known, true);
    }
  });

  function paint(box, known, still) {
    const made = ready(known.option, box);
    if (still) made.animation = false;
    const tall = height(known.option, box);
    if (tall) box.style.height = `${tall}px`;
    const lang = document.documentElement.lang.startsWith("zh") ? "ZH" : "EN";
    known.chart = known.chart || window.echarts.init(box, null, { renderer: "canvas", locale: lang });
    known.width = box.clientWidth;
    known.chart.resize();
    known.chart.setOption(made, true);
  }

  function show(box, option, still) {
    const known = { option, chart: null, width: 0 };
    drawn.set(box, known);
    paint(box, known, still);
    widths.observe(box);
  }

  async function draw(box) {
    const option = await optionOf(box);
    if (box.isConnected && !drawn.has(box)) show(box, option); // paper may have been first
  }

  function redraw() {
    for (const [box, known] of drawn) {
      if (box.isConnected) paint(box, known, true);
      else {
        known.chart.dispose();
        widths.unobserve(box);
        drawn.delete(box);
      }
    }
  }

  // Paper is white whatever the screen is, and shows also what nobody has scrolled to.
  let theme = null;
  function beforePrint() {
    theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    redraw();
    for (const box of document.querySelectorAll(".chart[data-chart]")) {
      if (!drawn.has(box)) show(box, inline(box), true);
    }
    // One finished sheet each, which shrinks to the paper and waits for no frame.
    for (const [box, known] of drawn) {
      const sheet = known.chart.renderToCanvas({ pixelRatio: 2, backgroundColor: "#fff" });
      sheet.className = "paper";
      box.append(sheet);
      box.classList.add("on-paper");
    }
  }

  function afterPrint() {
    if (theme !== null) document.documentElement.dataset.theme = theme;
    theme = null;
    for (const box of drawn.keys()) {
      box.classList.remove("on-paper");
      box.querySelectorAll(".paper").forEach((sheet) => sheet.remove());
    }
    redraw();
  }

  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  window.qhCharts = { ready, height, draw, redraw };
})();
