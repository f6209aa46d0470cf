// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Statements that stand and fall together. */
record Step(Form form, List<Statement> statements) {
    /** What holds them together. */
    enum Form {
        /** One statement by itself. */
        SINGLE,
        /** One text in which all of them stand. */
        ONE_TEXT,
        /** One batch of the extended protocol with one Sync. */
        PIPELINE,
        /** Each by itself within BEGIN and COMMIT; SAVEPOINT and ROLLBACK are statements of the list. */
        TRANSACTION
    }

    Step {
        statements = List.copyOf(statements);
    }

    /** Returns the name of the class under which the report counts it. */
    String kind() {
        return switch (form) {
            case SINGLE -> statements.get(0).kind();
            case ONE_TEXT -> "several in one text";
            case PIPELINE -> "pipeline";
            case TRANSACTION -> "transaction";
        };
    }

    /** Returns steps of fewer or simpler statements. */
    List<Step> simpler() {
        List<Step> variants = new ArrayList<>();
        for (int i = 0; i < statements.size(); i++) {
            if (statements.size() > 1) {
                List<Statement> fewer = new ArrayList<>(statements);
                fewer.remove(i);
                variants.add(new Step(form, fewer));
                if (form != Form.SINGLE) {
                    variants.add(new Step(Form.SINGLE, List.of(statements.get(i))));
                }
            }
        }
        if (form != Form.SINGLE && statements.size() == 1) {
            variants.add(new Step(Form.SINGLE, statements));
        }
        for (int i = 0; i < statements.size(); i++) {
            for (Statement simpler : statements.get(i).simpler()) {
                if (form == Form.PIPELINE && !simpler.protocol().isExtended()) {
                    continue;
                }
                List<Statement> changed = new ArrayList<>(statements);
                changed.set(i, simpler);
                variants.add(new Step(form, changed));
            }
        }
        return variants;
    }

    @Override
    public String toString() {
        return statements.stream()
                .map(Statement::toString)
                .collect(Collectors.joining("\n    ", form == Form.SINGLE ? "" : form + "\n    ", ""));
    }
}
