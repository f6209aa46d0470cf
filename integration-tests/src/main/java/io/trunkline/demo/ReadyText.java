// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import java.util.List;

/** What the demo prints when it is ready: lines to type next. */
final class ReadyText {
    private final Demo demo;

    ReadyText(Demo demo) {
        this.demo = demo;
    }

    String text() {
        String address = Demo.HOST + ":" + demo.port();
        String url = "postgresql://" + Demo.USER + ":" + Demo.PASSWORD + "@" + address + "/" + Demo.DATABASE;
        DemoData data = new DemoData(demo.shards());
        long customer = data.firstCustomer(0);
        StringBuilder text = new StringBuilder();
        line(text, "ready: the router listens on " + address + ", database, user and password are " + Demo.DATABASE);
        line(text, "");
        line(text, "Type in another terminal:");
        line(text, "");
        heading(text, "an insert: the customer's shard is found by hash");
        psql(
                text,
                url,
                "insert into orders (id, customer_id, amount, placed_at) values (1000001, " + customer
                        + ", 19.90, now())",
                ROUTE);
        heading(text, "a read by key on each shard, and which node answered");
        for (String read : data.readsByShard()) {
            psql(text, url, read, ROUTE);
        }
        heading(text, "a read that must come from a replica");
        psql(text, url, "/* trunkline: role=replica */ select * from orders where customer_id = " + customer, ROUTE);
        heading(text, "a query over all shards, merged");
        psql(text, url, "select count(*), sum(amount), max(placed_at) from orders", ROUTE);
        heading(text, "a transaction on every shard: it commits on all or on none");
        psql(text, url, data.transactionOnAllShards().toArray(String[]::new));
        heading(text, "a query that cannot be merged exactly, which is refused with a hint");
        psql(text, url, "select corr(customer_id, amount) from orders");
        heading(text, "JDBC");
        line(
                text,
                "  jdbc:postgresql://" + address + "/" + Demo.DATABASE + "?user=" + Demo.USER + "&password="
                        + Demo.PASSWORD);
        heading(text, "metrics, and the log of the router");
        line(text, "  curl -s http://" + Demo.HOST + ":" + demo.adminPort() + "/metrics");
        line(text, "  tail -f " + demo.router().log());
        heading(text, "kill a primary under a writing client");
        line(
                text,
                "  ./trunkline demo failover"
                        + (demo.port() == DemoCommand.DEFAULT_PORT ? "" : " --port " + demo.port()));
        line(text, "");
        text.append("Ctrl-C stops everything and removes its files.");
        return text.toString();
    }

    private static final String ROUTE = "show trunkline.route";

    private static void heading(StringBuilder text, String heading) {
        line(text, "# " + heading);
    }

    /** Each statement is a message of its own: -c given several times is not one multi-statement query. */
    private static void psql(StringBuilder text, String url, String... statements) {
        StringBuilder command = new StringBuilder("  psql ").append(url);
        for (String statement : List.of(statements)) {
            command.append(" -c \"").append(statement).append('"');
        }
        line(text, command.toString());
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append('\n');
    }
}
