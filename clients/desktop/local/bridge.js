// Added by the desktop app's relay to the pages of the web app: a download goes through the native save dialog.
addEventListener(
  "click",
  async (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[download]") : null;
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    const { pathname, search } = new URL(link.href, location.href);
    const body = JSON.stringify({ href: pathname + search, filename: link.download });
    const response = await fetch("/desktop/save", { method: "POST", body }).catch(() => null);
    const answer = (await response?.json().catch(() => null)) ?? { detail: "The desktop app does not answer." };
    if (response?.ok && !answer.path) return;
    say(response?.ok ? `Saved ${answer.path}` : answer.detail);
  },
  true,
);

function say(text) {
  const box = document.createElement("div");
  box.setAttribute("role", "status");
  box.id = "desktop-saved";
  box.textContent = text;
  Object.assign(box.style, {
    position: "fixed", bottom: "24px", right: "24px", zIndex: "10000", maxWidth: "60vw", padding: "12px 16px",
    borderRadius: "6px", background: "#1c2733", color: "white", font: "14px system-ui, sans-serif",
    overflowWrap: "anywhere",
  });
  document.getElementById(box.id)?.remove();
  document.body.append(box);
  setTimeout(() => box.remove(), 8000);
}
