// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Set;

/**
 * What routing must know of one statement, whatever the values in it. Immutable.
 *
 * @param kind what the statement is
 * @param access which nodes may run it
 * @param functions for queries, whatever their access, every identifier followed by an opening parenthesis, folded, qualified when it was
 *     ({@code pg_catalog.lower}); keywords that only look like functions are left out. Not for statements that write by their kind
 * @param names for {@link Access#READ} candidates every other identifier that may name a relation, type, column or function, folded, each part of
 *     a qualified name on its own
 * @param operators for {@link Access#READ} candidates every operator, as written
 * @param transactionMode the characteristics a transaction command names
 * @param hint what comments ask of the router
 * @param effects what the statement may leave behind in the session
 * @param sequences what it has to do with the values of sequences that its backend remembers
 * @param returnsRows whether a successful run sends rows, as far as the text tells; {@code EXECUTE}, {@code FETCH} and {@code CALL} count as such
 */
public record StatementShape(
        StatementKind kind,
        Access access,
        Set<String> functions,
        Set<String> names,
        Set<String> operators,
        TransactionMode transactionMode,
        Hint hint,
        Set<SessionEffect> effects,
        SequenceUse sequences,
        boolean returnsRows) {

    public StatementShape {
        functions = Set.copyOf(functions);
        names = Set.copyOf(names);
        operators = Set.copyOf(operators);
        effects = Set.copyOf(effects);
    }
}
