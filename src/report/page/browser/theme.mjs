// The button for dark and light. The choice is not stored, as pages opened from disk share one storage, or have none.

const button = document.getElementById("theme");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
/** @type {"dark" | "light" | null} */
let chosen = null;

/** The button shows the theme it switches to. */
function show() {
  const isDark = chosen === null ? prefersDark.matches : chosen === "dark";
  if (chosen !== null) document.documentElement.dataset.theme = chosen;
  if (button) button.textContent = isDark ? "Light colors" : "Dark colors";
  return isDark;
}

if (button) {
  show();
  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = show() ? "light" : "dark";
    show();
  });
  prefersDark.addEventListener("change", show);
}
