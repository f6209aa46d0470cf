// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import io.trunkline.server.doctor.NodeFacts.ColumnFacts;
import io.trunkline.server.doctor.NodeFacts.ForeignKeyFacts;
import io.trunkline.server.doctor.NodeFacts.PreparedTransaction;
import io.trunkline.server.doctor.NodeFacts.SequenceFacts;
import io.trunkline.server.doctor.NodeFacts.TableFacts;
import io.trunkline.server.doctor.NodeFacts.UniqueFacts;
import io.trunkline.server.ids.IdScript;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts the answers to {@link FactQueries} together, in the order of {@link #QUERIES}. */
final class FactReader {
    /** What is asked, one after the other. */
    static final List<String> QUERIES = List.of(
            FactQueries.SERVER,
            FactQueries.SETTINGS,
            FactQueries.EXTENSIONS,
            FactQueries.PREPARED,
            FactQueries.COLUMNS,
            FactQueries.UNIQUES,
            FactQueries.FOREIGN_KEYS,
            FactQueries.TRIGGERS,
            IdScript.NUMBER_QUERY,
            FactQueries.SEQUENCES);

    /** The one of them that is an error where nothing is installed; no rows are its answer then. */
    static final int MAY_FAIL = 9;

    private static final String TRUE = "t";

    private FactReader() {}

    /**
     * Returns what the answers say.
     *
     * @param answers rows of text, one list for each query
     * @param askedMillis this machine's clock in the middle of the first query, in milliseconds since 1970
     * @throws IllegalArgumentException when they are not answers to those queries
     */
    static NodeFacts read(List<List<List<@Nullable String>>> answers, long askedMillis) {
        try {
            List<@Nullable String> server = answers.get(0).get(0);
            return new NodeFacts(
                    TRUE.equals(server.get(0)),
                    Integer.parseInt(text(server.get(1))),
                    Duration.ofMillis(Long.parseLong(text(server.get(2))) - askedMillis),
                    pairs(answers.get(1)),
                    pairs(answers.get(2)),
                    answers.get(3).stream()
                            .map(row -> new PreparedTransaction(
                                    text(row.get(0)), Duration.ofSeconds(Long.parseLong(text(row.get(1))))))
                            .toList(),
                    tables(answers.get(4), answers.get(5), foreignKeys(answers.get(6)), triggers(answers.get(7))),
                    answers.get(8).isEmpty() ? null : text(answers.get(8).get(0).get(0)),
                    sequences(answers.get(MAY_FAIL)));
        } catch (IndexOutOfBoundsException | NumberFormatException notAnAnswer) {
            throw new IllegalArgumentException("answer not understood: " + notAnAnswer.getMessage(), notAnAnswer);
        }
    }

    private static Map<String, String> pairs(List<List<@Nullable String>> rows) {
        Map<String, String> pairs = new HashMap<>();
        rows.forEach(row -> pairs.put(text(row.get(0)), text(row.get(1))));
        return pairs;
    }

    private static Map<String, TableFacts> tables(
            List<List<@Nullable String>> columnRows,
            List<List<@Nullable String>> uniqueRows,
            Map<String, List<ForeignKeyFacts>> foreignKeys,
            Map<String, List<String>> triggers) {
        Map<String, List<ColumnFacts>> columns = new LinkedHashMap<>();
        for (List<@Nullable String> row : columnRows) {
            columns.computeIfAbsent(table(row), name -> new ArrayList<>())
                    .add(new ColumnFacts(
                            text(row.get(2)),
                            text(row.get(3)),
                            text(row.get(4)),
                            TRUE.equals(row.get(5)),
                            TRUE.equals(row.get(6))));
        }
        Map<String, Map<String, List<String>>> uniques = new HashMap<>();
        for (List<@Nullable String> row : uniqueRows) {
            List<String> ofIndex = uniques.computeIfAbsent(table(row), name -> new LinkedHashMap<>())
                    .computeIfAbsent(text(row.get(2)), name -> new ArrayList<>());
            String column = row.get(3);
            if (column != null) {
                ofIndex.add(column);
            }
        }
        Map<String, TableFacts> tables = new HashMap<>();
        columns.forEach((name, ofTable) -> tables.put(
                name,
                new TableFacts(
                        ofTable,
                        uniques.getOrDefault(name, Map.of()).entrySet().stream()
                                .map(index -> new UniqueFacts(index.getKey(), index.getValue()))
                                .toList(),
                        foreignKeys.getOrDefault(name, List.of()),
                        triggers.getOrDefault(name, List.of()))));
        return tables;
    }

    private static Map<String, List<ForeignKeyFacts>> foreignKeys(List<List<@Nullable String>> rows) {
        Map<String, Map<String, Map<String, String>>> columns = new HashMap<>();
        Map<String, String> referenced = new HashMap<>();
        for (List<@Nullable String> row : rows) {
            String key = text(row.get(2));
            referenced.put(table(row) + "." + key, text(row.get(3)) + "." + text(row.get(4)));
            columns.computeIfAbsent(table(row), name -> new LinkedHashMap<>())
                    .computeIfAbsent(key, name -> new LinkedHashMap<>())
                    .put(text(row.get(5)), text(row.get(6)));
        }
        Map<String, List<ForeignKeyFacts>> keys = new HashMap<>();
        columns.forEach((table, ofTable) ->
                ofTable.forEach((name, pairs) -> keys.computeIfAbsent(table, none -> new ArrayList<>())
                        .add(new ForeignKeyFacts(name, text(referenced.get(table + "." + name)), pairs))));
        return keys;
    }

    private static Map<String, List<String>> triggers(List<List<@Nullable String>> rows) {
        Map<String, List<String>> triggers = new HashMap<>();
        rows.forEach(row ->
                triggers.computeIfAbsent(table(row), name -> new ArrayList<>()).add(text(row.get(2))));
        return triggers;
    }

    private static Map<String, SequenceFacts> sequences(List<List<@Nullable String>> rows) {
        Map<String, SequenceFacts> sequences = new HashMap<>();
        rows.forEach(row ->
                sequences.put(text(row.get(0)), new SequenceFacts(Long.parseLong(text(row.get(1))), text(row.get(2)))));
        return sequences;
    }

    private static String table(List<@Nullable String> row) {
        return text(row.get(0)) + "." + text(row.get(1));
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}
