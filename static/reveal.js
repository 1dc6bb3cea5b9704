// Beside each password, a button that shows what was typed; without scripts there is none.
for (const input of document.querySelectorAll("input[data-show]")) {
  const line = document.createElement("p");
  const button = document.createElement("button");
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.type = "button";
  button.className = "plain-button";
  button.textContent = input.dataset.show;
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => show(input.type === "password"));
  // A shown password goes to no spelling service, and is sent as a password again.
  input.spellcheck = false;
  input.autocapitalize = "off";
  input.form.addEventListener("submit", () => show(false));
  show(false);
  line.append(button);
  input.after(line);
}
