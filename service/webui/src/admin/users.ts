/** A user as administrators see one. */
export type User = {
  id: number;
  name: string;
  role: "admin" | "user";
  disabled: boolean;
  created_at: string;
};
