// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.List;
import java.util.function.Function;

/**
 * Plays steps on a session of the router and on one of the one server, and compares.
 *
 * <p>The router goes first: what it refuses the one server is not asked, so that both go on with the same rows.
 */
final class Player {
    private static final String SAVEPOINT = "savepoint s";

    private final Dialog router;
    private final Dialog one;
    private final OracleReport report;

    Player(Dialog router, Dialog one, OracleReport report) {
        this.router = router;
        this.one = one;
        this.report = report;
    }

    /** Returns the first difference of a step, or what became of its last statement. Afterwards neither is in a transaction. */
    Verdict play(Step step) {
        Verdict verdict = switch (step.form()) {
            case SINGLE -> counted(step.kind(), statement(step.statements().get(0)));
            case ONE_TEXT -> counted(step.kind(), both(dialog -> dialog.askTogether(step.statements())));
            case PIPELINE -> counted(step.kind(), both(dialog -> dialog.askPipelined(step.statements())));
            case TRANSACTION -> counted(step.kind(), transaction(step.statements()));
        };
        if (!verdict.isDifferent() && (router.status() != 'I' || one.status() != 'I')) {
            Verdict end = both(dialog -> dialog.ask("rollback"));
            return end.isDifferent() ? end : verdict;
        }
        return verdict;
    }

    private Verdict transaction(List<Statement> statements) {
        boolean canGoBack = false;
        Verdict last = Verdict.EQUAL;
        Verdict refused = null;
        for (Statement statement : statements) {
            last = counted(statement.kind(), statement(statement));
            if (last.isDifferent()) {
                return last;
            } else if (last.isRefused()) {
                refused = last;
                String way = canGoBack ? "rollback to " + SAVEPOINT : "rollback";
                Verdict back = both(dialog -> dialog.ask(way));
                if (back.isDifferent() || !canGoBack) {
                    return back.isDifferent() ? back : refused;
                }
            } else if (statement.sql().literal().equals(SAVEPOINT)) {
                canGoBack = router.status() == 'T';
            }
        }
        return refused == null ? last : refused;
    }

    private Verdict statement(Statement statement) {
        return both(dialog -> dialog.ask(statement), storesSeveralRows(statement.kind()));
    }

    /** Returns true for statements that give each shard its own rows, which fail on each by themselves. */
    private static boolean storesSeveralRows(String kind) {
        return kind.equals("copy from") || kind.startsWith("insert") && !kind.equals("insert one");
    }

    private Verdict both(Function<Dialog, Answer> question) {
        return both(question, false);
    }

    /** With {@code severalRows} the error may be that of any row. */
    private Verdict both(Function<Dialog, Answer> question, boolean severalRows) {
        char before = router.status();
        Answer answer = question.apply(router);
        if (answer.isRefused()) {
            char expected = before == 'I' ? 'I' : 'E';
            return answer.status() == expected
                    ? Verdict.refused(answer.refusal())
                    : Verdict.different("refused, but the status is not " + expected + ":\n      " + answer);
        }
        Answer right = question.apply(one);
        if (severalRows && !answer.saysTheSameAs(right) && answer.failsAsTheOther(right)) {
            return Verdict.OTHER_ROW;
        }
        return answer.saysTheSameAs(right)
                ? Verdict.EQUAL
                : Verdict.different("one server:\n      " + right + "\n    router:\n      " + answer);
    }

    private Verdict counted(String kind, Verdict verdict) {
        report.count(kind, verdict);
        return verdict;
    }
}
