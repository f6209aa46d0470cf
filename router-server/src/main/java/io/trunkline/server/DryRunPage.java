// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trunkline.metrics.DryRunMetrics.PlannedStatement;
import io.trunkline.metrics.DryRunMetrics.PlannedTransaction;
import io.trunkline.server.admin.AdminPage;
import io.trunkline.server.admin.AdminRequest;
import io.trunkline.server.admin.AdminSource;
import io.trunkline.session.DryRunReport;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** The page {@code /dry-run}: what the statements of clusters with a dry run would do on their planned shards, with the most frequent ones. */
final class DryRunPage implements AdminSource {
    /** How many statements of each outcome one page has. */
    static final int ROWS_MAX = 100;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Supplier<Map<String, DryRunReport>> reports;

    DryRunPage(Supplier<Map<String, DryRunReport>> reports) {
        this.reports = reports;
    }

    @Override
    public AdminPage get(AdminRequest request) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode clusters = root.putArray("clusters");
        reports.get().forEach((name, report) -> write(clusters.addObject().put("name", name), report));
        try {
            return AdminPage.json(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void write(ObjectNode into, DryRunReport report) {
        into.put("since", report.since().toString());
        ObjectNode statements = into.putObject("statements");
        for (PlannedStatement outcome : PlannedStatement.values()) {
            statements.put(word(outcome), report.count(outcome));
        }
        ObjectNode refusals = into.putObject("refusals");
        report.refusals().forEach(refusals::put);
        ObjectNode transactions = into.putObject("transactions");
        for (PlannedTransaction outcome : PlannedTransaction.values()) {
            transactions.put(word(outcome), report.transactions(outcome));
        }
        ObjectNode top = into.putObject("top");
        for (PlannedStatement outcome : PlannedStatement.values()) {
            ArrayNode rows = top.putArray(word(outcome));
            for (DryRunReport.Counted counted : report.top(outcome, ROWS_MAX)) {
                ObjectNode row = rows.addObject()
                        .put("count", counted.count())
                        .put("reason", counted.statement().reason());
                if (!counted.statement().problem().isEmpty()) {
                    row.put("problem", counted.statement().problem());
                }
                row.put("text", counted.statement().text());
            }
        }
        into.put("unlisted", report.unlisted());
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
