// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.oracle.Statement.Protocol;
import io.trunkline.oracle.Step.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Random steps for a schema; the same random numbers give the same steps. */
final class StatementGenerator {
    private final Values values;
    private final List<Supplier<Draft>> reads;
    private final List<Supplier<Draft>> writes;

    StatementGenerator(OracleSchema schema, Random random) {
        values = new Values(random);
        Nested nested = new Nested(values, schema);
        reads = both(new Reads(values, schema).classes(), nested.reads());
        writes =
                both(both(new Writes(values, schema).classes(), nested.writes()), new Inserts(values, schema).writes());
    }

    private static List<Supplier<Draft>> both(List<Supplier<Draft>> some, List<Supplier<Draft>> others) {
        return Stream.concat(some.stream(), others.stream()).toList();
    }

    List<Step> steps(int count) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            steps.add(step());
        }
        return steps;
    }

    private Step step() {
        if (values.oneIn(5)) {
            values.unfocus();
        } else {
            values.focus();
        }
        return switch (values.below(14)) {
            case 0 -> new Step(Form.ONE_TEXT, several(Protocol.SIMPLE));
            case 1 -> new Step(Form.PIPELINE, several(Protocol.EXTENDED));
            case 2, 3 -> new Step(Form.TRANSACTION, transaction());
            default -> new Step(Form.SINGLE, List.of(draft().by(protocol())));
        };
    }

    private List<Statement> several(Protocol protocol) {
        List<Statement> statements = new ArrayList<>();
        for (int i = 0; i < 2 + values.below(2); i++) {
            Draft draft = draft();
            if (draft.copyData() == null) {
                statements.add(draft.by(protocol));
            }
        }
        return statements.isEmpty()
                ? List.of(Statement.of("no table", "select 1").by(protocol))
                : statements;
    }

    private List<Statement> transaction() {
        List<Statement> statements = new ArrayList<>();
        boolean savepoint = values.oneIn(3);
        statements.add(Statement.of(
                "begin", values.oneOf("begin", "start transaction", "begin isolation level repeatable read")));
        Cursors cursors = values.oneIn(3) ? new Cursors(values) : null;
        for (int i = 0; i < (cursors == null ? 1 : 3) + values.below(4); i++) {
            if (savepoint && i == 1) {
                statements.add(Statement.of("savepoint", "savepoint s"));
            }
            statements.add(next(cursors));
        }
        if (savepoint && values.oneIn(2)) {
            statements.add(Statement.of("savepoint", "rollback to savepoint s"));
            statements.add(draft().by(protocol()));
        }
        statements.add(Statement.of("end", values.oneOf("commit", "commit", "commit", "rollback")));
        return statements;
    }

    private Statement next(@Nullable Cursors cursors) {
        if (cursors != null && cursors.areOpen() && !values.oneIn(3)) {
            return cursors.next();
        }
        Draft draft = draft();
        return cursors != null && Cursors.fits(draft) ? cursors.declare(draft, protocol()) : draft.by(protocol());
    }

    private Draft draft() {
        return values.oneOf(values.oneIn(3) ? writes : reads).get();
    }

    private Protocol protocol() {
        return values.oneOf(Protocol.SIMPLE, Protocol.EXTENDED, Protocol.EXTENDED, Protocol.EXTENDED_BINARY_RESULT);
    }
}
