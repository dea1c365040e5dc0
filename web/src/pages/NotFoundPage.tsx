import { Empty } from "../elements/Answer";
import { Page } from "../elements/Page";

export function NotFoundPage() {
  return (
    <Page title="No such page">
      <Empty title="There is nothing at this address">Choose a page of the menu, or press Ctrl-K to search.</Empty>
    </Page>
  );
}
