import { useParams } from "react-router";

/** The ID of the object that the address names. */
export function useID(): string {
  return useParams().id ?? "";
}
