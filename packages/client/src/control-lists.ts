// A list of the control API: awaited it is one page, iterated it is every row of every page.
import { Later } from './control-later.ts';

/** One page as it is answered. */
export interface ControlPage<Row> {
  items: Row[];
  nextCursor?: string;
}

/**
 * What a listing call answers. `await` it for the page that was asked for; `for await` it for all rows from there on, a page
 * at a time; `pages()` gives the pages themselves. Nothing is asked before one of the three is done.
 */
export class ControlList<Row> extends Later<ControlPage<Row>> {
  readonly #read: (cursor: string | undefined) => Promise<ControlPage<Row>>;

  constructor(read: (cursor: string | undefined) => Promise<ControlPage<Row>>) {
    super(() => read(undefined));
    this.#read = read;
  }

  /** Page by page, as many as there are; the next one is asked for when the caller comes for it. */
  async *pages(): AsyncGenerator<ControlPage<Row>, void, undefined> {
    let page: ControlPage<Row> = await this;
    yield page;
    while (page.nextCursor !== undefined) {
      page = await this.#read(page.nextCursor);
      yield page;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    for await (const page of this.pages()) yield* page.items;
  }
}
