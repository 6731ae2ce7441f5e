// Interactive figures: one constant script for all of them. Each shows the one of its frames that its controls name.
(() => {
  "use strict";
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // "0-4 7" as a function that tells whether a frame is among these.
  const member = (ranges) => {
    const pairs = ranges.split(" ").map((range) => range.split("-").map(Number));
    return (frame) => pairs.some(([first, last = first]) => first <= frame && frame <= last);
  };

  const start = (box) => {
    if (box.dataset.ready) return;
    box.dataset.ready = "true";
    // In a notebook, a picture and a sentence stand there for viewers that run no script.
    const saved = box.querySelector("script[type='text/html']");
    if (saved) box.innerHTML = saved.textContent;

    const player = box.querySelector(".explorer-player");
    const form = box.querySelector("form");
    const live = box.querySelector(".explorer-text");
    const text = live.firstElementChild;
    const texts = JSON.parse(player.dataset.texts);
    const parts = [...box.querySelectorAll("[data-in]")].map((part) => [part, member(part.dataset.in)]);
    const controls = [...form.querySelectorAll(".explorer-control")].map((control) => {
      const slider = control.querySelector("input[type=range]");
      const radios = [...control.querySelectorAll("input[type=radio]")];
      return slider
        ? { slider, size: Number(slider.max) + 1, place: () => Number(slider.value) }
        : { size: radios.length, place: () => radios.findIndex((radio) => radio.checked) };
    });

    const show = (frame) => {
      for (const [part, belongs] of parts) {
        if (belongs(frame)) part.removeAttribute("display");
        else part.setAttribute("display", "none");
      }
      if (text.textContent !== texts[frame]) text.textContent = texts[frame];
    };

    const update = () => {
      for (const { slider } of controls) {
        if (!slider) continue;
        const value = JSON.parse(slider.dataset.values)[slider.value];
        slider.setAttribute("aria-valuetext", value);
        slider.nextElementSibling.textContent = value;
      }
      show(controls.reduce((frame, { size, place }) => frame * size + place(), 0));
    };

    const initial = controls.reduce((frame, { size, place }) => frame * size + place(), 0);
    const button = form.querySelector(".explorer-play");
    const steps = button?.closest(".explorer-control").querySelector("input");
    let timer = 0;

    const stop = () => {
      if (!timer) return;
      clearInterval(timer);
      timer = 0;
      button.textContent = "Play";
      live.setAttribute("aria-live", "polite");
    };

    const go = (by) => {
      steps.value = Number(steps.value) + by;
      update();
    };

    const play = () => {
      if (still.matches) return;
      live.setAttribute("aria-live", "off"); // nobody can listen to a text for every frame
      button.textContent = "Pause";
      if (steps.value === steps.max) go(-steps.max);
      const pause = Math.max(400, Math.min(1500, 12000 / steps.max));
      timer = setInterval(() => {
        if (!box.isConnected || still.matches) return stop();
        if (Number(steps.value) + 1 >= steps.max) stop(); // before the last text, which is read aloud
        go(1);
      }, pause);
    };

    // JupyterLab's own shortcuts would take the arrow keys.
    for (const input of form.elements) input.dataset.lmSuppressShortcuts = "true";
    form.addEventListener("input", () => {
      stop();
      update();
    });
    form.addEventListener("click", ({ target }) => {
      const playing = timer;
      if (target.tagName === "BUTTON") stop();
      if (target.dataset.by) go(Number(target.dataset.by));
      if (target === button && !playing) play();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", stop);
    addEventListener("beforeprint", () => show(initial));
    addEventListener("afterprint", update);
    update();
  };

  const own = document.currentScript?.closest(".explorer"); // not yet in the document, where JupyterLab runs it
  if (own) start(own);
  document.querySelectorAll(".explorer").forEach(start);
})();
