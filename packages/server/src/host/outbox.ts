// Between who has something to send and who sends it: the scheduler, which starts later and imports what wakes it.

export interface OutboxWorker {
  /** An app has something to send. */
  wake(appId: string): void;
  /** Answers when the apps of a world have nothing left to send by `until`, on the world's clock. */
  drain(worldId: string, until: number): Promise<void>;
}

/** While nobody works, nothing is lost: who starts finds what waits. */
export class Outbox implements OutboxWorker {
  #worker: OutboxWorker | undefined;

  attach(worker: OutboxWorker): void {
    this.#worker = worker;
  }

  wake(appId: string): void {
    this.#worker?.wake(appId);
  }

  async drain(worldId: string, until: number): Promise<void> {
    await this.#worker?.drain(worldId, until);
  }
}
