import { Button, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { deleteDashboard } from "../../services/dashboards";
import { Problem } from "../../ui/states";

interface DeleteDialogProps {
  name: string;
  title: string;
  /** Empty: of whatever file there is now. */
  etag: string;
  onDone(): void;
  onClose(): void;
}

export function DeleteDialog({ name, title, etag, onDone, onClose }: DeleteDialogProps) {
  const remove = useMutation({ mutationFn: () => deleteDashboard(name, etag), onSuccess: onDone });
  return (
    <Modal opened onClose={onClose} title={`Delete “${title}”?`}>
      <p style={{ marginTop: 0 }}>
        The file {name}.yaml is removed from the data folder. Data is not changed; where the program has a dashboard
        of this name, that one is shown again.
      </p>
      {remove.error && <Problem error={remove.error} />}
      <div className="row" style={{ justifyContent: "flex-end", marginTop: 14 }}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
          Delete
        </Button>
      </div>
    </Modal>
  );
}
