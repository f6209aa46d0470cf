// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.metrics.DryRunMetrics.PlannedStatement;
import io.trunkline.metrics.DryRunMetrics.PlannedTransaction;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * What was decided under one plan of a dry run: which statements, as texts without values, would run on one shard, on several, or not at all.
 *
 * <p>Bounded: so many texts are told apart; those that come later are counted by their outcome only.
 */
@SharedAcrossLoops("concurrent maps of adders")
public final class DryRunReport {
    /** Most statements that are told apart. */
    public static final int STATEMENTS_MAX = 5_000;

    /**
     * A statement and what would become of it.
     *
     * @param outcome where it would run
     * @param reason the code of a refusal, or why this outcome
     * @param problem what the client would be told, for a refusal; else empty
     * @param text the statement without its values
     */
    public record Statement(PlannedStatement outcome, String reason, String problem, String text) {}

    /**
     * A statement and how often it came.
     *
     * @param statement the one
     * @param count how often
     */
    public record Counted(Statement statement, long count) {}

    private final Instant since;
    private final ConcurrentHashMap<Statement, LongAdder> statements = new ConcurrentHashMap<>();
    private final Map<PlannedStatement, LongAdder> outcomes = new ConcurrentHashMap<>();
    private final Map<PlannedTransaction, LongAdder> transactions = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();
    private final LongAdder unlisted = new LongAdder();

    /** Creates an empty report that begins now. */
    public DryRunReport(Instant since) {
        this.since = since;
    }

    void count(Statement statement) {
        adder(outcomes, statement.outcome).increment();
        if (statement.outcome == PlannedStatement.REFUSED) {
            adder(refusals, statement.reason).increment();
        }
        LongAdder known = statements.get(statement);
        if (known != null) {
            known.increment();
        } else if (statements.mappingCount() < STATEMENTS_MAX) {
            adder(statements, statement).increment();
        } else {
            unlisted.increment();
        }
    }

    void count(PlannedTransaction outcome) {
        adder(transactions, outcome).increment();
    }

    private static <K> LongAdder adder(Map<K, LongAdder> adders, K key) {
        return adders.computeIfAbsent(key, absent -> new LongAdder());
    }

    /** Returns when counting began. */
    public Instant since() {
        return since;
    }

    /** Returns how many statements had an outcome. */
    public long count(PlannedStatement outcome) {
        LongAdder adder = outcomes.get(outcome);
        return adder == null ? 0 : adder.sum();
    }

    /** Returns how many transactions had an outcome. */
    public long transactions(PlannedTransaction outcome) {
        LongAdder adder = transactions.get(outcome);
        return adder == null ? 0 : adder.sum();
    }

    /** Returns how many statements would be refused, by code. */
    public Map<String, Long> refusals() {
        Map<String, Long> counts = new TreeMap<>();
        refusals.forEach((code, adder) -> counts.put(code, adder.sum()));
        return counts;
    }

    /** Returns the statements of an outcome, the most frequent first. */
    public List<Counted> top(PlannedStatement outcome, int rowsMax) {
        Stream<Counted> all = statements.entrySet().stream()
                .filter(entry -> entry.getKey().outcome == outcome)
                .map(entry -> new Counted(entry.getKey(), entry.getValue().sum()));
        return all.sorted(Comparator.comparingLong(Counted::count)
                        .reversed()
                        .thenComparing(counted -> counted.statement().text()))
                .limit(rowsMax)
                .toList();
    }

    /** Returns how many statements came when there was no room for their text. */
    public long unlisted() {
        return unlisted.sum();
    }
}
