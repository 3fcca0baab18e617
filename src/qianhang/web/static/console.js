// Small behaviour for the console's pages: theme, menu, charts, live events, shortcuts.
(function () {
  "use strict";
  const root = document.documentElement;

  function dark() {
    const chosen = root.dataset.theme;
    if (chosen === "dark" || chosen === "light") return chosen === "dark";
    return window.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  // Charts: <div class="chart" data-chart="ID"> beside <script type="application/json" id="ID">,
  // or data-src="URL". Their scripts are loaded only where a chart is on the page.
  let library = null;

  function script(address) {
    return new Promise((resolve, reject) => {
      const made = document.createElement("script");
      made.src = address;
      made.onload = resolve;
      made.onerror = reject;
      document.head.append(made);
    });
  }

  function charts() {
    const { charts: ours, echarts } = document.body.dataset;
    library = library || Promise.all([script(ours), script(echarts)]).then(() => window.qhCharts);
    return library;
  }

  function drawAll(scope) {
    const boxes = scope.querySelectorAll(".chart[data-chart], .chart[data-src]");
    if (!boxes.length) return;
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        seen.unobserve(entry.target);
        charts().then((known) => known.draw(entry.target));
      }
    }, { rootMargin: "200px" });
    boxes.forEach((box) => seen.observe(box));
    // Paper shows every chart, and does not wait until what draws them has been fetched.
    (window.requestIdleCallback || setTimeout)(charts);
  }

  // Shares drawn as bars: widths come from data, since pages carry no inline style.
  function fill(scope) {
    scope.querySelectorAll("[data-share]").forEach((bar) => {
      bar.style.setProperty("--share", Math.max(0, Math.min(1, Number(bar.dataset.share))));
    });
  }

  function toast(text) {
    const box = document.getElementById("toast");
    box.textContent = text;
    box.classList.add("on");
    setTimeout(() => box.classList.remove("on"), 4000);
  }

  // A run as it is carried out: server-sent events, which the browser takes up again by itself.
  function follow(box) {
    let seen = 0;
    const log = box.querySelector(".log");
    const bar = box.querySelector("progress");
    const source = new EventSource(box.dataset.live);
    source.onmessage = (message) => {
      const number = Number(message.lastEventId);
      const told = JSON.parse(message.data);
      // A job of the compute network: its facts are fetched anew, its text goes on.
      if (told.step === "job") {
        const away = box.querySelector("[data-away]");
        if (away) away.hidden = !told.away;
        if (told.over) source.close();
        window.htmx.trigger(document.body, "qh-changed");
        return;
      }
      if (number <= seen) return;
      seen = number;
      if (told.step === "text") {
        const low = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
        log.textContent += (told.skipped ? "…\n" : "") + told.note;
        if (low) log.scrollTop = log.scrollHeight;
        return;
      }
      if (told.step === "ask") {
        if (!["queued", "running"].includes(told.state)) {
          source.close();
          // An ask that had ended when the page came is only read: the page stays.
          if (box.dataset.reload) window.location.replace(box.dataset.reload);
        }
        return;
      }
      if (told.step === "log") {
        log.textContent += (told.state === "cut" ? "… " + told.done : told.note) + "\n";
        log.scrollTop = log.scrollHeight;
        return;
      }
      const item = box.querySelector('[data-step="' + CSS.escape(told.step) + '"]');
      if (!item) return;
      item.querySelector(".state").className = "state " + (told.state === "end" ? "good" : box.dataset.ended || "live");
      if (told.note) item.querySelector("[data-note]").textContent = told.note;
      if (told.state === "progress" && told.total) {
        bar.value = told.done / told.total;
        item.querySelector("[data-note]").textContent = told.done + " / " + told.total + (told.note ? " · " + told.note : "");
      }
    };
  }

  function ready(scope) {
    fill(scope);
    drawAll(scope);
    scope.querySelectorAll("[data-live]").forEach(follow);
  }

  document.addEventListener("click", (event) => {
    const burger = event.target.closest(".burger");
    if (burger) {
      const shown = document.body.classList.toggle("menu-open");
      burger.setAttribute("aria-expanded", String(shown));
    }
    if (event.target.closest("[data-theme-switch]")) {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("qh-theme", root.dataset.theme); } catch (e) { /* storage may be closed */ }
      if (window.qhCharts) window.qhCharts.redraw();
    }
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) navigator.clipboard.writeText(copy.dataset.copy).then(() => toast(copy.dataset.done));
    document.querySelectorAll("details.me[open]").forEach((d) => { if (!d.contains(event.target)) d.open = false; });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sure && !window.confirm(form.dataset.sure)) event.preventDefault();
  });

  document.addEventListener("htmx:afterSwap", (event) => ready(event.target));
  document.addEventListener("htmx:responseError", (event) => toast(event.detail.xhr.statusText || String(event.detail.xhr.status)));
  ready(document);
  window.qh = { ready, toast };
})();
