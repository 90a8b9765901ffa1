// Tests of a game's back end against Till, with nothing but the JDK (17 or later): java examples/java/PurchaseTest.java
//
// `till serve --ephemeral` runs for as long as the tests do. Each test makes a world of its own, buys in it and turns its clock; the
// calls of the server API are those that the back end would make.

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

public class PurchaseTest {
  private static final HttpClient http = HttpClient.newHttpClient();
  private static String baseUrl;
  private static String controlUrl;
  private static String controlKey;

  public static void main(String[] arguments) throws Exception {
    Process till = new ProcessBuilder(command()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader output = new BufferedReader(new InputStreamReader(till.getInputStream()))) {
      String ready = output.readLine();
      baseUrl = member(ready, "baseUrl");
      controlUrl = member(ready, "controlUrl");
      controlKey = member(ready, "controlKey");
      new PurchaseTest().anItemIsConsumedOnce();
      new PurchaseTest().whatNobodyAcknowledgesIsVoidedAfterThreeDays();
      new PurchaseTest().aYearOfASubscriptionPassesInAMoment();
      System.out.println("3 tests passed");
    } finally {
      till.getOutputStream().close(); // Till ends with its standard input
      till.waitFor();
    }
  }

  private final String world;
  private final String clientId;
  private final String token;

  /** A world of its own on 2026-01-01, with an app whose server has an access token. */
  private PurchaseTest() throws Exception {
    String clock = "{\"clock\":{\"now\":1767225600000,\"frozen\":true},\"calendar\":\"commercial\"}";
    world = member(control("POST", "/worlds", clock).body(), "worldId");
    String app = control("POST", "/apps", "{\"worldId\":\"" + world + "\"}").body();
    clientId = member(app, "clientId");
    String form = "grant_type=client_credentials&client_id=" + clientId + "&client_secret=" + encoded(member(app, "clientSecret"));
    HttpRequest request = HttpRequest.newBuilder(URI.create(baseUrl + "/v7/oauth/token"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(BodyPublishers.ofString(form))
        .build();
    token = member(http.send(request, BodyHandlers.ofString()).body(), "access_token");
  }

  private void anItemIsConsumedOnce() throws Exception {
    String purchase = buy("gem", "\"type\":\"inapp\"");
    String path = "/purchases/inapp/products/gem/" + purchase;
    expect("0", number(server("GET", path).body(), "consumptionState"));
    expect(200, server("POST", path + "/consume").statusCode());
    HttpResponse<String> again = server("POST", path + "/consume");
    expect(409, again.statusCode());
    expect("InvalidConsumeState", member(again.body(), "code"));
  }

  private void whatNobodyAcknowledgesIsVoidedAfterThreeDays() throws Exception {
    String purchase = buy("gem", "\"type\":\"inapp\"");
    expect(List.of("voided"), members(advance("P3D"), "what"));
    expect(List.of(purchase), members(server("GET", "/voided-purchases").body(), "purchaseToken"));
  }

  private void aYearOfASubscriptionPassesInAMoment() throws Exception {
    String purchase = buy("club", "\"type\":\"subscription\",\"subscription\":{\"period\":\"P1M\"}");
    expect(200, server("POST", "/purchases/all/products/club/" + purchase + "/acknowledge").statusCode());
    List<String> happened = new ArrayList<>(members(advance("P1Y1D"), "what"));
    happened.removeIf(what -> !what.equals("renewed"));
    expect(12, happened.size());
  }

  private String buy(String productId, String terms) throws Exception {
    String product = "{\"title\":\"" + productId + "\",\"price\":\"1100\",\"currency\":\"KRW\"," + terms + "}";
    control("PUT", "/apps/" + clientId + "/products/" + productId, product);
    String bought = control("POST", "/apps/" + clientId + "/purchases", "{\"productId\":\"" + productId + "\"}").body();
    return member(bought, "purchaseToken");
  }

  private String advance(String by) throws Exception {
    return control("POST", "/worlds/" + world + "/clock/advance", "{\"by\":\"" + by + "\"}").body();
  }

  private HttpResponse<String> server(String method, String path) throws Exception {
    return send(method, baseUrl + "/v7/apps/" + clientId + path, token, "");
  }

  private static HttpResponse<String> control(String method, String path, String body) throws Exception {
    HttpResponse<String> answer = send(method, controlUrl + path, controlKey, body);
    if (answer.statusCode() >= 300) throw new AssertionError(answer.body());
    return answer;
  }

  private static HttpResponse<String> send(String method, String url, String bearer, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
        .timeout(Duration.ofSeconds(10))
        .header("Authorization", "Bearer " + bearer)
        .method(method, BodyPublishers.ofString(body));
    if (!body.isEmpty()) request.header("Content-Type", "application/json");
    return http.send(request.build(), BodyHandlers.ofString());
  }

  /** A project has a JSON library; to read a few members, a pattern does. */
  private static List<String> members(String json, String name) {
    Pattern pattern = Pattern.compile("\"" + name + "\":\"((?:[^\"\\\\]|\\\\.)*)\"");
    return pattern.matcher(json).results().map((MatchResult found) -> found.group(1)).toList();
  }

  private static String member(String json, String name) {
    return members(json, name).stream().findFirst().orElseThrow(() -> new AssertionError("no " + name + " in " + json));
  }

  private static String number(String json, String name) {
    return Pattern.compile("\"" + name + "\":(\\d+)").matcher(json).results().findFirst().orElseThrow().group(1);
  }

  private static String encoded(String text) {
    return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8);
  }

  private static void expect(Object wanted, Object got) {
    if (!Objects.equals(wanted, got)) throw new AssertionError("expected " + wanted + ", got " + got);
  }

  private static List<String> command() {
    String given = System.getenv("TILL_TEST_COMMAND");
    return given == null ? List.of("npx", "till", "serve", "--ephemeral") : words(given);
  }

  /** The words of a JSON list. */
  private static List<String> words(String json) {
    return Pattern.compile("\"([^\"]*)\"").matcher(json).results().map((MatchResult found) -> found.group(1)).toList();
  }
}
