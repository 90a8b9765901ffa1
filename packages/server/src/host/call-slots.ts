// Where the last calls lie: in bytes outside of the heap, whose collector would take each for long-lived and keep its garbage.

export interface Call {
  /** The app by its access token; undefined for a token call, which knows a client ID only. */
  appId: string | undefined;
  clientId: string;
  /** On the machine's clock, epoch ms. */
  at: number;
  requestId: string;
  operation: string;
  status: number;
  code: string;
  durationMs: number;
  /** Name and value in turn. */
  headers: readonly string[];
  /** Undefined where it was empty, a byte count where it was too large to keep. */
  requestBody: string | number | undefined;
  replyBody: string | number | undefined;
}

/** A call without its texts. Names are the tables' and the apps', which live anyway. */
interface Slot {
  appId: string | undefined;
  clientId: string;
  operation: string;
  code: string;
  status: number;
  headerCount: number;
  requestBody: number | undefined;
  replyBody: number | undefined;
  length: number;
  bytes: Buffer;
  readonly numbers: Float64Array;
}

const usualBytes = 1024;
/** Of a call besides its texts. */
const ownBytes = 500;
/** Stands for a body that is among the texts. */
const kept = -1;

/** Calls by number; the place of one that was freed is used again. */
export class CallSlots {
  readonly #slots: Slot[] = [];
  readonly #free: number[] = [];

  put(call: Call): number {
    const number = this.#free.pop() ?? this.#slots.push(emptySlot()) - 1;
    const slot = this.#slots[number] as Slot;
    slot.appId = call.appId;
    slot.clientId = call.clientId;
    slot.operation = call.operation;
    slot.code = call.code;
    slot.status = call.status;
    slot.numbers[0] = call.at;
    slot.numbers[1] = call.durationMs;
    slot.headerCount = call.headers.length;
    slot.requestBody = typeof call.requestBody === 'string' ? kept : call.requestBody;
    slot.replyBody = typeof call.replyBody === 'string' ? kept : call.replyBody;
    write(slot, textOf(call));
    return number;
  }

  get(number: number): Call {
    const slot = this.#slots[number] as Slot;
    const [requestId = '', replyBody = '', ...rest] = slot.bytes.toString('utf8', 0, slot.length).split('\n');
    const { appId, clientId, operation, code, status, headerCount, numbers } = slot;
    const [at = 0, durationMs = 0] = numbers;
    return {
      ...{ appId, clientId, at, requestId, operation, status, code, durationMs },
      headers: rest.slice(0, headerCount),
      requestBody: slot.requestBody === kept ? rest.slice(headerCount).join('\n') : slot.requestBody,
      replyBody: slot.replyBody === kept ? replyBody : slot.replyBody,
    };
  }

  /** How many bytes it takes, about. */
  size(number: number): number {
    return ownBytes + (this.#slots[number] as Slot).length;
  }

  free(number: number): void {
    const slot = this.#slots[number] as Slot;
    if (slot.bytes.length > usualBytes) slot.bytes = Buffer.allocUnsafeSlow(usualBytes);
    this.#free.push(number);
  }
}

function emptySlot(): Slot {
  return {
    ...{ appId: undefined, clientId: '', operation: '', code: '', status: 0, headerCount: 0 },
    ...{ requestBody: undefined, replyBody: undefined, length: 0 },
    bytes: Buffer.allocUnsafeSlow(usualBytes),
    numbers: new Float64Array(2),
  };
}

/** Only a request's body may hold a line end, so it comes last. */
function textOf({ requestId, replyBody, headers, requestBody }: Call): string {
  const reply = typeof replyBody === 'string' ? replyBody : '';
  const request = typeof requestBody === 'string' ? requestBody : '';
  return `${requestId}\n${reply}\n${headers.length === 0 ? '' : `${headers.join('\n')}\n`}${request}`;
}

function write(slot: Slot, text: string): void {
  // three bytes at most for each unit of a text, so that most need not be counted
  if (slot.bytes.length < text.length * 3) {
    const length = Buffer.byteLength(text);
    if (slot.bytes.length < length) slot.bytes = Buffer.allocUnsafeSlow(length);
  }
  slot.length = slot.bytes.write(text);
}
