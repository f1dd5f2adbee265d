import { useInViewport } from "@mantine/hooks";
import { useRef } from "react";

/** Whether an element has ever been in sight: what is far below is not worth a scan of its column yet. */
export function useInSight(): { ref: ReturnType<typeof useInViewport>["ref"]; seen: boolean } {
  const { ref, inViewport } = useInViewport();
  const seen = useRef(false);
  seen.current ||= inViewport;
  return { ref, seen: seen.current };
}
