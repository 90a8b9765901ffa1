"""Tests of a game's back end against Till, with nothing but the standard library: `python3 examples/python/test_purchases.py`.

`till serve --ephemeral` runs for as long as the tests do. Each test makes a world of its own, buys in it and turns its clock; the calls
of the server API are those that the back end would make.
"""

import json
import os
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

COMMAND = json.loads(os.environ.get("TILL_TEST_COMMAND", '["npx", "till", "serve", "--ephemeral"]'))


class Refused(Exception):
    """A refusal of either API, with its code."""

    def __init__(self, status, code):
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


def send(method, url, token=None, body=None, form=None):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(error.code, json.loads(error.read())["error"]["code"]) from None


class PurchaseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.till = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.ready = json.loads(cls.till.stdout.readline())

    @classmethod
    def tearDownClass(cls):
        cls.till.stdin.close()  # Till ends with it
        cls.till.wait(timeout=10)
        cls.till.stdout.close()

    def setUp(self):
        clock = {"now": 1767225600000, "frozen": True}  # 2026-01-01
        self.world = self.control("POST", "/worlds", {"clock": clock, "calendar": "commercial"})["worldId"]
        app = self.control("POST", "/apps", {"worldId": self.world})
        self.client_id = app["clientId"]
        credentials = {"client_id": app["clientId"], "client_secret": app["clientSecret"]}
        form = {"grant_type": "client_credentials", **credentials}
        self.token = send("POST", self.ready["baseUrl"] + "/v7/oauth/token", form=form)["access_token"]

    def control(self, method, path, body=None):
        return send(method, self.ready["controlUrl"] + path, self.ready["controlKey"], body)

    def server(self, method, path):
        return send(method, f"{self.ready['baseUrl']}/v7/apps/{self.client_id}{path}", self.token)

    def advance(self, by):
        return self.control("POST", f"/worlds/{self.world}/clock/advance", {"by": by})["happened"]

    def buy(self, product_id, **terms):
        terms = {"type": "inapp", "title": product_id, "price": "1100", "currency": "KRW", **terms}
        self.control("PUT", f"/apps/{self.client_id}/products/{product_id}", terms)
        return self.control("POST", f"/apps/{self.client_id}/purchases", {"productId": product_id})["purchaseToken"]

    def test_an_item_is_consumed_once(self):
        token = self.buy("gem")
        path = f"/purchases/inapp/products/gem/{token}"
        self.assertEqual(self.server("GET", path)["consumptionState"], 0)
        self.assertEqual(self.server("POST", path + "/consume")["result"]["code"], "Success")
        with self.assertRaises(Refused) as refused:
            self.server("POST", path + "/consume")
        self.assertEqual((refused.exception.status, refused.exception.code), (409, "InvalidConsumeState"))

    def test_what_nobody_acknowledges_is_voided_after_three_days(self):
        token = self.buy("gem")
        self.assertEqual([step["what"] for step in self.advance("P3D")], ["voided"])
        voided = self.server("GET", "/voided-purchases")["voidedPurchaseList"]
        self.assertEqual([purchase["purchaseToken"] for purchase in voided], [token])

    def test_a_year_of_a_subscription_passes_in_a_moment(self):
        token = self.buy("club", type="subscription", price="4900", subscription={"period": "P1M"})
        self.server("POST", f"/purchases/all/products/club/{token}/acknowledge")
        renewed = [step for step in self.advance("P1Y1D") if step["what"] == "renewed"]
        self.assertEqual(len(renewed), 12)


if __name__ == "__main__":
    unittest.main()
