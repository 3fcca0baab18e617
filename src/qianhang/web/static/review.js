// Review of a plan: the chosen item's sentence lights up; everything by mouse or by keyboard.
(function () {
  "use strict";
  const TYPING = /^(INPUT|TEXTAREA|SELECT)$/;

  function items() { return Array.from(document.querySelectorAll("#items > .item")); }
  function chosen() { return document.querySelector("#items > .item.on"); }

  // The text is one run of characters; the mark is taken out and set anew. Places are counted in
  // UTF-16 units, as scripts count them.
  function unmark(text) {
    text.querySelectorAll("mark").forEach((mark) => mark.replaceWith(...mark.childNodes));
    text.normalize();
  }

  function mark(item) {
    const box = document.getElementById("source");
    const text = document.getElementById("text");
    if (!box || !text) return;
    unmark(text);
    if (!item.dataset.start) return;
    const from = Number(box.dataset.from);
    const start = Number(item.dataset.start) - from;
    const end = Number(item.dataset.end) - from;
    const node = text.firstChild;
    if (start < 0 || !node || end > node.length) {
      fetchAround(box, item);
      return;
    }
    const range = document.createRange();
    range.setStart(node, start);
    range.setEnd(node, end);
    const made = document.createElement("mark");
    made.id = "mark";
    range.surroundContents(made);
    show();
  }

  // Of a long text only a part is here: the part around the item is asked for.
  function fetchAround(box, item) {
    const address = box.dataset.src + "?at=" + encodeURIComponent(item.dataset.code);
    window.htmx.ajax("GET", address, { target: "#source", swap: "outerHTML" }).then(show);
  }

  function show() {
    const made = document.getElementById("mark");
    const text = document.getElementById("text");
    if (!made || !text) return;
    const place = made.getBoundingClientRect().top - text.getBoundingClientRect().top;
    text.scrollTop += place - text.clientHeight / 3;
  }

  function choose(item, focus) {
    if (!item) return;
    const old = chosen();
    if (old && old !== item) {
      old.classList.remove("on");
      old.querySelector(".pick").removeAttribute("aria-current");
    }
    item.classList.add("on");
    const pick = item.querySelector(".pick");
    pick.setAttribute("aria-current", "true");
    if (focus) pick.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
    mark(item);
  }

  function move(step) {
    const every = items();
    const at = every.indexOf(chosen());
    const next = every[at + step];
    if (next) choose(next, true);
    else {
      const link = document.getElementById(step > 0 ? "after" : "before");
      if (link) window.location.assign(link.href);
    }
  }

  // After an item is settled the next one that waits is chosen.
  function onward(item) {
    const every = items();
    const at = every.indexOf(item);
    const ahead = every.slice(at + 1).find((each) => each.dataset.state === "draft");
    choose(ahead || every[at + 1] || item, true);
  }

  document.addEventListener("click", (event) => {
    const pick = event.target.closest("#items .pick");
    if (!pick || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(pick.closest(".item"), true);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !document.getElementById("items")) return;
    const typing = TYPING.test(event.target.tagName);
    const edited = event.target.closest(".edit") || document.querySelector("#items form.edit");
    if (event.key === "Escape" && edited) {
      // By itself the key stops a page that is on its way.
      event.preventDefault();
      edited.querySelector("a.button").click();
      return;
    }
    if (typing) return;
    const inText = event.target.id === "text";
    const steps = { j: 1, k: -1, ArrowDown: inText ? 0 : 1, ArrowUp: inText ? 0 : -1 };
    if (steps[event.key]) {
      event.preventDefault();
      move(steps[event.key]);
    } else if (event.key === "?") {
      const keys = document.querySelector("details.keys");
      if (keys) keys.open = !keys.open;
    } else if (/^[cer]$/.test(event.key) && chosen() && !chosen().matches(".htmx-added, .htmx-settling")) {
      // What has just come is not yet htmx's: its links would leave the page.
      const button = chosen().querySelector('[data-key="' + event.key + '"]');
      if (button) { event.preventDefault(); button.click(); }
    }
  });

  // A conflict is an answer to be shown, not a failure.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const status = event.detail.xhr.status;
    if (event.detail.target.closest(".item") && (status === 409 || status === 400 || status === 422)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  let settled = null;
  document.addEventListener("htmx:afterRequest", (event) => {
    const config = event.detail.requestConfig;
    settled = config && config.verb === "post" && event.detail.xhr.status === 200 ? config.path : null;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const item = event.target.closest ? event.target.closest(".item") : null;
    if (event.target.id === "desk") { choose(chosen(), false); return; }
    if (!item) return;
    const form = item.querySelector("form.edit");
    if (form) {
      const first = form.querySelector("input:not([type=hidden]), select");
      if (first) first.focus();
    } else if (settled && settled.endsWith("/items/" + item.dataset.code)) {
      settled = null;
      onward(item);
    } else choose(item, true);
  });

  if (chosen()) { mark(chosen()); }
})();
