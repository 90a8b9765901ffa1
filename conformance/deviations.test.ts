// Servers that do not keep to the documents: each deviation is found and named, and what is left open is told as such.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { databases } from '../packages/server/test/databases.ts';
import { startServer, type TestServer } from '../packages/server/test/server.ts';
import { type ConformOptions, conform } from './conform.ts';
import { type Report, reportText } from './report.ts';
import {
  type Alter,
  type AlteringProxy,
  alterJson,
  type Passed,
  startAlteringProxy,
} from './test/altering-proxy.ts';
import { runFromOutside, wholeRun } from './test/till-to-judge.ts';

const isDetail =
  (kind: string) =>
  ({ method, path }: Passed, status: number): boolean =>
    method === 'GET' && path.includes(`/purchases/${kind}/`) && status === 200;

const onDetail =
  (kind: string, change: (body: Record<string, unknown>) => void): Alter =>
  (answer, request) => {
    if (isDetail(kind)(request, answer.status)) alterJson(answer, change);
  };

interface Deviation {
  name: string;
  alter: Alter;
  /** The operation it is found in, and the sentence that names it. */
  found: [operation: string, sentence: string | RegExp];
}

const refusalOf = (code: string, message: string) => JSON.stringify({ error: { code, message } });

const onList =
  (kind: 'voided' | 'unconfirmed', change: (rows: Record<string, unknown>[]) => void): Alter =>
  (answer, { path }) => {
    if (!path.includes(`/${kind}-purchases`) || answer.status !== 200) return;
    alterJson(answer, (body) => change(body[`${kind}PurchaseList`] as Record<string, unknown>[]));
  };
let firstPage = '';

const deviations: readonly Deviation[] = [
  {
    name: 'a member of another type',
    alter: onDetail('inapp', (body) => {
      body.quantity = String(body.quantity);
    }),
    found: ['getPurchaseDetails', 'member quantity: it is text, not integer'],
  },
  {
    name: 'a state that is not documented',
    alter: onDetail('inapp', (body) => {
      body.consumptionState = 7;
    }),
    found: ['getPurchaseDetails', 'member consumptionState: 7 is none of 0, 1'],
  },
  {
    name: 'a text that is longer than documented',
    alter: onDetail('auto', (body) => {
      body.lastPurchaseId = 'x'.repeat(21);
    }),
    found: ['getRecurringPurchaseDetails', 'member lastPurchaseId: it has 21 characters, documented are 20'],
  },
  {
    name: 'a member that nobody knows',
    alter: onDetail('subscription', (body) => {
      body.gracePeriodMillis = 0;
    }),
    found: ['getSubscriptionDetail', 'member gracePeriodMillis: it is not documented'],
  },
  {
    name: 'a member that is left out instead of null',
    alter: onDetail('subscription', (body) => {
      delete body.linkedPurchaseToken;
    }),
    found: ['getSubscriptionDetail', 'member linkedPurchaseToken: it is missing'],
  },
  {
    name: 'an amount whose two forms do not fit',
    alter: onDetail('subscription', (body) => {
      body.priceAmountMicros = 1100;
    }),
    found: ['getSubscriptionDetail', 'member priceAmountMicros: it is not priceAmount times 1,000,000'],
  },
  {
    name: 'a row without one of its members',
    alter: (answer, { path }) => {
      if (!path.includes('/voided-purchases') || answer.status !== 200) return;
      alterJson(answer, (body) => {
        for (const row of body.voidedPurchaseList as Record<string, unknown>[]) delete row.voidedTime;
      });
    },
    found: ['getVoidedPurchases', 'member voidedPurchaseList[0].voidedTime: it is missing'],
  },
  {
    name: 'more rows than were asked for',
    alter: (answer, { path }) => {
      if (!path.includes('maxResults=1') || !path.includes('/voided-') || answer.status !== 200) return;
      alterJson(answer, (body) => {
        const rows = body.voidedPurchaseList as unknown[];
        body.voidedPurchaseList = [...rows, ...rows];
      });
    },
    found: ['getVoidedPurchases', 'rows: there are 2 rows, asked for was 1'],
  },
  {
    name: 'an amount that is a number',
    alter: onDetail('subscription', (body) => {
      body.priceAmount = Number(body.priceAmount);
    }),
    found: ['getSubscriptionDetail', 'member priceAmount: it is integer, not text'],
  },
  {
    name: 'times in seconds',
    alter: onDetail('inapp', (body) => {
      body.purchaseTime = Math.floor(Number(body.purchaseTime) / 1000);
    }),
    found: ['getPurchaseDetails', 'member purchaseTime: it has 10 digits, which is no time in milliseconds'],
  },
  {
    name: 'a member too much in a row of a list',
    alter: onList('voided', (rows) => {
      for (const row of rows) row.reason = 1;
    }),
    found: ['getVoidedPurchases', 'member voidedPurchaseList[0].reason: it is not documented'],
  },
  {
    name: 'a row that stands on every page',
    alter: (answer, request) => {
      const isNext = request.path.includes('continuationKey=') && request.path.includes('maxResults=1');
      if (isNext && answer.status === 200) answer.body = firstPage;
      else if (request.path.endsWith('/voided-purchases?maxResults=1')) firstPage = answer.body;
    },
    found: ['getVoidedPurchases', 'it is otherwise 4 times'],
  },
  {
    name: 'fewer rows to ask for than documented',
    alter: (answer, { path }) => {
      if (!path.includes('/unconfirmed-purchases?maxResults=100')) return;
      answer.status = 400;
      answer.body = refusalOf('InvalidRequest', 'Request parameters are invalid. [ maxResults ]');
    },
    found: ['getUnconfirmedPurchases', 'status: the status is 400, not 200'],
  },
  {
    name: 'a list in which something else is left of a range',
    alter: (answer, { path }) => {
      if (path.includes('/voided-purchases?startTime=') && answer.status === 200) {
        alterJson(answer, (body) => {
          for (const row of body.voidedPurchaseList as Record<string, number>[]) row.voidedTime = 1e12;
        });
      }
    },
    found: ['getVoidedPurchases', /^rows: \d of \d have a voidedTime outside of the range$/],
  },
  {
    name: 'a refusal with the status of a success',
    alter: (answer) => {
      if (answer.body.includes('"InvalidAccessToken"')) answer.status = 200;
    },
    found: ['getPurchaseDetails', 'status: the status is 200, not 401'],
  },
  {
    name: 'another status',
    alter: (answer, { path }) => {
      if (path.includes('/unconfirmed-purchases') && answer.status === 200) answer.status = 206;
    },
    found: ['getUnconfirmedPurchases', 'status: the status is 206, not 200'],
  },
  {
    name: 'another content type',
    alter: (answer) => {
      answer.headers['content-type'] = 'application/json; charset=utf-8';
    },
    found: [
      'getAccessToken',
      'header content-type: the header is application/json; charset=utf-8, not application/json;charset=UTF-8',
    ],
  },
  {
    name: 'another status of a documented code',
    alter: (answer) => {
      if (answer.body.includes('InvalidAccessToken')) answer.status = 403;
    },
    found: ['getPurchaseDetails', 'status: the status is 403, not 401'],
  },
  {
    name: 'another message of a documented code',
    alter: (answer) => {
      answer.body = answer.body.replace('HTTP method not supported.', 'No.');
    },
    found: ['getPurchaseDetails', 'member error.message: "No.", not "HTTP method not supported."'],
  },
  {
    name: 'a refusal in another wrapper',
    alter: (answer, { path }) => {
      if (path.endsWith('/nowhere'))
        alterJson(answer, (body) => Object.assign(body, { path, error: undefined }));
    },
    found: ['getPurchaseDetails', 'member error.code: there is no code, not ResourceNotFound'],
  },
  {
    name: 'a token that lives longer than an hour',
    alter: (answer, { path }) => {
      if (path.includes('/oauth/token') && answer.status === 200) {
        alterJson(answer, (body) => {
          body.expires_in = 86_400;
        });
      }
    },
    found: ['getAccessToken', 'member expires_in: it is more than 3600 s'],
  },
];

describe('A server that deviates', () => {
  let server: TestServer;
  let proxy: AlteringProxy;
  let options: ConformOptions;
  before(async () => {
    const [memory] = databases;
    assert.ok(memory);
    server = await startServer(memory);
    proxy = await startAlteringProxy(server.url);
    options = await runFromOutside(server, { baseUrl: proxy.url });
  });
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  async function reportOn(alter: Alter, given: Partial<ConformOptions> = {}): Promise<Report> {
    proxy.alter = alter;
    return conform({ ...options, ...given });
  }

  const differencesIn = (report: Report) =>
    report.findings
      .filter(({ verdict }) => verdict === 'differs')
      .flatMap(({ operation, differences }) => differences.map((says) => `${operation} ${says}`));

  it('is not found where nothing is altered', async () => {
    assert.deepEqual(differencesIn(await reportOn(() => {})), []);
  });

  for (const { name, alter, found } of deviations) {
    it(`is found by ${name}, which the report names`, async () => {
      const report = await reportOn(alter);
      const [operation, sentence] = found;
      const differences = differencesIn(report);
      const named = differences
        .filter((one) => one.startsWith(`${operation} `))
        .map((one) => one.slice(operation.length + 1))
        .find((one) => (typeof sentence === 'string' ? one === sentence : sentence.test(one)));
      assert.ok(named !== undefined, differences.join('\n'));
      assert.ok(reportText(report).includes(`      ${named}\n`));
      assert.equal(
        report.counts.differs,
        report.findings.filter(({ verdict }) => verdict === 'differs').length,
      );
    });
  }

  it('is found by an action that tells another success', async () => {
    const alter: Alter = (answer) => {
      answer.body = answer.body.replace('"code":"Success"', '"code":"OK"');
    };
    const own = await runFromOutside(server, { baseUrl: proxy.url, write: true });
    proxy.alter = alter;
    const differences = differencesIn(await conform(own));
    assert.ok(
      differences.includes('consumePurchase member result.code: it is "OK", not "Success"'),
      differences.join('\n'),
    );
  });

  describe('where the documents are silent', () => {
    const openIn = (report: Report, id: string) => {
      assert.deepEqual(differencesIn(report), []);
      const finding = report.findings.find((one) => one.id === id);
      assert.ok(finding !== undefined && finding.verdict === 'open', id);
      return finding;
    };

    it('is told what it does about a wrong secret, beside what Till does', async () => {
      const report = await reportOn((answer, { body, path }) => {
        if (!path.includes('/oauth/token') || !body.includes('client_secret=wrong')) return;
        answer.status = 401;
        answer.body = '{"error":{"code":"InvalidAccessToken","message":"Access token is invalid."}}';
      });
      const finding = openIn(report, 'v7.getAccessToken.wrong_secret');
      assert.deepEqual([finding.note, finding.asTill, finding.found], [4, false, '401 InvalidAccessToken']);
      const [, left = ''] = reportText(report).split('Left open by the documents');
      const line =
        'note 4, a wrong secret -> 401 InvalidAccessToken (not as Till does: status: the status is 401, not 403)';
      assert.ok(left.includes(line), left);
    });

    it('is told that it hands out a new token each time', async () => {
      let count = 0;
      const report = await reportOn((answer, { path, headers }) => {
        if (!path.includes('/oauth/token') || answer.status !== 200) return;
        // the first one is used, and must work
        if (count++ > 0 && headers['content-type'] !== undefined) {
          alterJson(answer, (body) => {
            body.access_token = '00000000-0000-4000-8000-000000000000';
          });
        }
      });
      const finding = openIn(report, 'v7.getAccessToken.again');
      assert.deepEqual([finding.note, finding.asTill, finding.found], [1, false, '200, another token']);
    });

    it('is told that NoSuchData has the status of the printed example', async () => {
      const report = await reportOn((answer) => {
        if (answer.body.includes('"NoSuchData"')) answer.status = 400;
      });
      const finding = openIn(report, 'any.status of NoSuchData');
      assert.deepEqual([finding.note, finding.asTill, finding.found], [3, false, '400']);
    });

    it('is told that a server in front answers an escaped slash in HTML', async () => {
      const report = await reportOn((answer, { path }) => {
        if (!path.includes('%2F')) return;
        answer.headers['content-type'] = 'text/html';
        answer.body = '<h1>Not Found</h1>';
      });
      const finding = openIn(report, 'v7.getPurchaseDetails.path.slash');
      assert.deepEqual([finding.note, finding.asTill, finding.found], [54, false, '404, text/html, no JSON']);
    });

    it('is told what every answer of V5 holds, since none is documented', async () => {
      const report = await reportOn(
        (answer, { path }) => {
          if (path.includes('/v2/purchase/details/') && answer.status === 200) {
            alterJson(answer, (body) => {
              body.price = '1100';
            });
          }
        },
        { generations: ['v7', 'v5'] },
      );
      const finding = openIn(report, 'v5.getPurchaseDetails.reply');
      assert.deepEqual([finding.note, finding.asTill], [30, false]);
      assert.match(finding.found, /^200 \{consumptionState: integer, .*price: text\}$/);
      assert.deepEqual(finding.differences, ['member price: it is not documented']);
    });
  });

  for (const [name, body] of [
    ['HTML', '<h1>Hello</h1>'],
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '17'],
    ['an empty list', '[]'],
    ['an empty object', '{}'],
    ['errors that are none', '{"error":null,"result":"x"}'],
    ['rows that are none', '{"voidedPurchaseList":[null,1],"unconfirmedPurchaseList":{"a":1}}'],
  ] as const) {
    it(`that answers ${name} to everything but the token call is told so, to the end`, async () => {
      const report = await reportOn((answer, { path }) => {
        if (!path.includes('/oauth/')) Object.assign(answer, { body, status: 200 });
      });
      assert.equal(report.ended, null);
      assert.ok(report.counts.differs > 10, String(report.counts.differs));
      assert.ok(reportText(report).length > 1000);
    });
  }

  it('that answers nonsense to a whole run is told so, to the end', async () => {
    const bodies = ['<h1>', 'null', '[]', '{}', '{"result":null}'];
    let count = 0;
    proxy.alter = (answer) => {
      count += 1;
      Object.assign(answer, { body: bodies[count % bodies.length], status: 200 });
    };
    const report = await conform(wholeRun(server, { baseUrl: proxy.url, generations: ['v7'] }));
    assert.equal(report.ended, null);
    assert.ok(report.counts.differs > 100, String(report.counts.differs));
  });

  it('that gives no token is left with that, and not asked on', async () => {
    const report = await reportOn((answer) => {
      answer.status = 403;
      answer.body = '{"error":{"code":"AccessBlocked","message":"The request was blocked."}}';
    });
    const untried = report.findings.filter(({ verdict }) => verdict === 'untried');
    assert.deepEqual(
      untried.map(({ found }) => found),
      ['there is no access token; are the client ID and its secret those of this server?'],
    );
    // the form was sent with the secret as it is, and with an escaped one
    assert.deepEqual([report.requests, report.counts.differs], [2, 2]);
  });

  it('that takes only an escaped secret is told so, and asked on', async () => {
    const report = await reportOn((answer, { path, body }) => {
      if (!path.includes('/oauth/') || !/client_secret=[^&]*=(&|$)/.test(body)) return;
      answer.status = 403;
      answer.body = refusalOf('UnauthorizedAccess', 'Your request is not authorized.');
    });
    const [first] = report.findings;
    assert.deepEqual([first?.id, first?.verdict], ['v7.getAccessToken.reply', 'differs']);
    const details = report.findings.find(({ id }) => id === 'v7.getPurchaseDetails.reply');
    assert.equal(details?.verdict, 'agrees');
  });

  it('that sends everything elsewhere is told where to', async () => {
    const report = await reportOn((answer) => {
      Object.assign(answer, { status: 301, body: '<h1>Moved</h1>' });
      answer.headers.location = 'https://elsewhere.example/oauth?client_secret=hush';
    });
    const [first] = report.findings;
    assert.deepEqual([first?.verdict, first?.found], ['differs', '301 to https://elsewhere.example']);
    assert.ok(!JSON.stringify(report).includes('hush'));
  });

  it('that quotes what it was sent in a refusal, at any length, has no secret of it in the report', async () => {
    const secret = String(options.credentials?.clientSecret);
    for (const before of [0, 10, 30, 45, 60, 70]) {
      const report = await reportOn((answer, { path }) => {
        if (answer.status < 400) return;
        const message = `${'x'.repeat(before)} ${secret} \u001b[2J\nof ${path.slice(0, 40)}`;
        answer.body = JSON.stringify({ error: { code: message, message: `${message} [ ${message} ]` } });
      });
      const written = `${reportText(report)}${JSON.stringify(report)}`;
      assert.ok(report.counts.differs > 5);
      assert.ok(!written.includes(secret.slice(0, 8)), `${before}`);
      assert.ok(!reportText(report).includes('\u001b'), 'nothing steers a terminal');
    }
  });
});
