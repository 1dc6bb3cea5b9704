// The rows of the live view, renewed every few seconds while nobody is in them: focus stays.
const live = document.querySelector("[data-seconds]");

function renew() {
  if (live.contains(document.activeElement) || document.hidden) return;
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.addEventListener("load", () => {
    const rows = request.response?.querySelector("[data-seconds]");
    // Another page: the sign-in has ended.
    if (rows) live.replaceChildren(...rows.childNodes);
    else location.reload();
  });
  request.send();
}

setInterval(renew, live.dataset.seconds * 1000);
