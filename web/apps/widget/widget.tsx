/** The grid as a notebook widget: the module that anywidget loads. One React root for each time it is displayed. */
import { createRoot } from "react-dom/client";

import { InlineDecoder } from "@canvasback/client/decoder";
import { StreamConnection } from "@canvasback/client/stream/connection";
import { randomId } from "@canvasback/values/randomId";
import { ModelSocket, type WidgetModel } from "./modelSocket";
import { WidgetGrid } from "./WidgetGrid";
import "./widget.css";

function render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  const view = randomId();
  const connection = new StreamConnection({
    url: view,
    decoder: new InlineDecoder(),
    makeSocket: () => new ModelSocket(model, view),
  });
  const host = document.createElement("div");
  host.className = "canvasback-widget";
  host.style.height = `${Number(model.get("height")) || 420}px`;
  // The notebook's own shortcuts must not see what is typed into the grid.
  host.dataset.lmSuppressShortcuts = "true";
  host.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(host);
  const root = createRoot(host);
  root.render(<WidgetGrid connection={connection} model={model} />);
  return () => {
    root.unmount();
    connection.dispose();
    host.remove();
  };
}

export default { render };
