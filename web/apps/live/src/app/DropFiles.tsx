/** Files dropped on any page: in a collection on its page, elsewhere in a new one that is named after the first. */
import { IconFileUpload } from "@tabler/icons-react";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { queryClient } from "../services/services";
import { call } from "@canvasback/client/api/client";
import { collectionNameOf, useDropped } from "../services/dropped";

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

async function takenNames(): Promise<readonly string[]> {
  const answer = await queryClient.fetchQuery({
    queryKey: ["datasets"],
    queryFn: ({ signal }) => call("listDatasets", {}, signal),
  });
  return answer.datasets.map(({ name }) => name);
}

export function DropFiles() {
  const [over, setOver] = useState(false);
  const navigate = useNavigate();
  const open = useRouterState({
    select: ({ location }) => /^\/collections\/([^/]+)/.exec(location.pathname)?.[1] ?? null,
  });
  const { bring } = useDropped();
  useEffect(() => {
    const take = async (files: readonly File[]): Promise<void> => {
      const name = open
        ? decodeURIComponent(open)
        : collectionNameOf(files[0]?.name ?? "", await takenNames().catch(() => []));
      bring(name, files);
      void navigate({ to: "/collections/$name", params: { name }, search: { tab: "add" } });
    };
    const dragged = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      // A place that takes files itself has said so already.
      setOver(!event.defaultPrevented);
      event.preventDefault();
    };
    const left = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const dropped = (event: DragEvent): void => {
      setOver(false);
      if (!hasFiles(event) || event.defaultPrevented) return;
      // Otherwise the browser would leave the app and show the file.
      event.preventDefault();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) void take(files);
    };
    document.addEventListener("dragover", dragged);
    document.addEventListener("dragleave", left);
    document.addEventListener("drop", dropped);
    return () => {
      document.removeEventListener("dragover", dragged);
      document.removeEventListener("dragleave", left);
      document.removeEventListener("drop", dropped);
    };
  }, [open, navigate, bring]);
  if (!over) return null;
  return (
    <div className="drop-over" aria-hidden>
      <IconFileUpload size={28} stroke={1.5} />
      {open ? "Drop to add the records to this collection" : "Drop to open as a new collection"}
    </div>
  );
}
