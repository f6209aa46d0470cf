// SPDX-License-Identifier: Apache-2.0
package io.trunkline.cases;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.cases.ProtocolCase.Priority;
import io.trunkline.cases.ProtocolCase.State;
import io.trunkline.testing.GeneratedText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every protocol case and every hazard of the catalogue is tested, is a known limit, or is listed as open; and {@code CASES.md} tells which.
 *
 * <p>The document is written anew by {@code ./mvnw test -pl integration-tests -am -Dtest=CasesTest
 * -Dsurefire.failIfNoSpecifiedTests=false -Dtrunkline.regenerate}.
 */
class CasesTest {
    private static final Map<Character, String> GROUPS = groups();
    private static final String HEAD = """
            # Protocol cases, hazards of sharding, and their tests

            Made from [the catalogue](src/test/resources/cases.tsv) and from the marks on tests, see
            [README](README.md#protocol-cases). Not written by hand.

            - *covered*: the tests named assert what is required.
            - *refused*: the tests named assert that the router refuses what would need it, and with which code; what is not built is said behind them.
            - *in part*: the tests named assert what the router does of it; what is missing is said behind them.
            - *known limit*: the router does not do this, by decision.
            - *open*: no test asserts all of it yet, or the router does not behave so yet; the last column says what is missing.
            - *without test*: of the lowest priority, and nobody has written one.

            """;

    private static List<ProtocolCase> cases = List.of();

    @SuppressWarnings("NullAway.Init")
    private static CaseMarks marks;

    @BeforeAll
    static void read() {
        cases = ProtocolCase.readAll();
        marks = CaseMarks.read();
    }

    private static Map<Character, String> groups() {
        Map<Character, String> groups = new LinkedHashMap<>();
        groups.put('Q', "Simple query");
        groups.put('E', "Extended query");
        groups.put('T', "Transactions");
        groups.put('C', "COPY");
        groups.put('N', "Asynchronous messages and session state");
        groups.put('X', "Cancel requests");
        groups.put('D', "Disconnects and the end of backends");
        groups.put('B', "Flow control and fairness");
        groups.put('M', "Malformed messages");
        groups.put('H', "Hazards of several shards");
        return groups;
    }

    @Test
    void everyNumberIsGivenOnce() {
        assertThat(cases).extracting(ProtocolCase::number).doesNotHaveDuplicates();
        assertThat(cases).extracting(ProtocolCase::group).isSubsetOf(GROUPS.keySet());
    }

    @Test
    void noTestIsMarkedWithACaseThatDoesNotExist() {
        TreeSet<String> unknown = new TreeSet<>(marks.numbers());
        cases.forEach(one -> unknown.remove(one.number()));

        assertThat(unknown).isEmpty();
    }

    @Test
    void everyCaseThatMattersHasATestOrAReason() {
        assertThat(cases)
                .filteredOn(ProtocolCase::needsTests)
                .filteredOn(one -> marks.testsOf(one.number()).isEmpty())
                .as("cases without a test; write one, or call them open or a known limit with a reason")
                .isEmpty();
    }

    @Test
    void noCaseIsCalledOpenOrALimitAndTestedAllTheSame() {
        assertThat(cases)
                .filteredOn(one -> !one.mayHaveTests())
                .filteredOn(one -> !marks.testsOf(one.number()).isEmpty())
                .as("cases that have a test; take their state and note out of the catalogue")
                .isEmpty();
    }

    @Test
    void theDocumentTellsTheStateOfEveryCase() throws IOException {
        GeneratedText.assertFile(Path.of("CASES.md"), document());
    }

    private static String document() {
        StringBuilder text = new StringBuilder(HEAD);
        text.append(summary());
        for (Map.Entry<Character, String> group : GROUPS.entrySet()) {
            text.append("\n## ").append(group.getKey()).append(": ").append(group.getValue());
            text.append(
                    "\n\n| Case | Priority | State | What it is about | Tests, reason, or what is missing |\n|---|---|---|---|---|\n");
            cases.stream().filter(one -> one.group() == group.getKey()).forEach(one -> text.append(row(one)));
        }
        return text.toString();
    }

    private static String summary() {
        StringBuilder table = new StringBuilder(
                "| Group | Priority | Covered | Refused | In part | Known limit | Open | Without test |\n|---|---|---:|---:|---:|---:|---:|---:|\n");
        for (Map.Entry<Character, String> group : GROUPS.entrySet()) {
            for (Priority priority : Priority.values()) {
                Map<String, Long> counts = cases.stream()
                        .filter(one -> one.group() == group.getKey() && one.priority() == priority)
                        .collect(Collectors.groupingBy(CasesTest::state, Collectors.counting()));
                table.append(String.format(
                        Locale.ROOT,
                        "| %s: %s | %s | %d | %d | %d | %d | %d | %d |%n",
                        group.getKey(),
                        group.getValue(),
                        priority,
                        counts.getOrDefault("covered", 0L),
                        counts.getOrDefault("refused", 0L),
                        counts.getOrDefault("in part", 0L),
                        counts.getOrDefault("known limit", 0L),
                        counts.getOrDefault("open", 0L),
                        counts.getOrDefault("without test", 0L)));
            }
        }
        return table.toString();
    }

    private static String row(ProtocolCase one) {
        String tests = String.join(" · ", marks.testsOf(one.number()));
        String last = tests.isEmpty() || one.note().isEmpty() ? tests + one.note() : tests + " · " + one.note();
        return "| %s | %s | %s | %s | %s |\n"
                .formatted(one.number(), one.priority(), state(one), cell(one.title()), cell(last));
    }

    private static String state(ProtocolCase one) {
        if (one.state() != State.REQUIRED) {
            return one.state().toString();
        }
        return marks.testsOf(one.number()).isEmpty() ? "without test" : "covered";
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;");
    }
}
