// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.Access;
import io.trunkline.sql.KnownFunctions;
import io.trunkline.sql.Mentions;
import io.trunkline.sql.StatementShape;
import java.util.Set;

/**
 * Whether a replica may run a statement: it must be shaped like a read, and the catalogue must vouch for everything it names. Whatever is not
 * proven goes to the primary.
 *
 * <p>A function labelled stable that calls a volatile one inside is taken at its label, as PostgreSQL's own planner takes it.
 */
final class ReadOnlyCheck {
    private ReadOnlyCheck() {}

    /** Returns true when the statement leaves nothing behind that a transaction could have lost, wherever it runs. */
    static boolean changesNothing(StatementShape statement, CatalogSnapshot catalog) {
        return callsNothingLasting(statement.functions(), catalog)
                && verdictBesideFunctions(statement, catalog) == Reason.READ;
    }

    private static boolean callsNothingLasting(Set<String> functions, CatalogSnapshot catalog) {
        if (functions.isEmpty()) {
            // Asked for each statement: without an iterator for those, the most, that call nothing.
            return true;
        }
        for (String function : functions) {
            boolean harmless =
                    KnownFunctions.isHarmless(function) && catalog.nature(function) == FunctionNature.SYSTEM_VOLATILE;
            if (!harmless && !catalog.nature(function).mayRunOnReplica()) {
                return false;
            }
        }
        return true;
    }

    /** Returns {@link Reason#READ} when a replica may run the statement, else why it may not. */
    static Reason verdict(StatementShape statement, CatalogSnapshot catalog) {
        Reason verdict =
                statement.functions().isEmpty() ? Reason.READ : verdictOnFunctions(statement.functions(), catalog);
        return verdict == Reason.READ ? verdictBesideFunctions(statement, catalog) : verdict;
    }

    private static Reason verdictOnFunctions(Set<String> functions, CatalogSnapshot catalog) {
        for (String function : functions) {
            FunctionNature nature = catalog.nature(function);
            if (!nature.mayRunOnReplica()) {
                return nature == FunctionNature.UNKNOWN ? Reason.UNKNOWN_FUNCTION : Reason.VOLATILE_FUNCTION;
            }
            if (KnownFunctions.isBoundToHost(function.substring(function.lastIndexOf('.') + 1))) {
                return Reason.VOLATILE_FUNCTION;
            }
        }
        return Reason.READ;
    }

    /** Returns true when the catalogue vouches that the relations of a statement are tables, and that it calls no volatile function but with parentheses. */
    static boolean hidesNothing(Mentions mentions, CatalogSnapshot catalog) {
        return catalog.isLoaded()
                && !catalog.hasHiddenCalls()
                && !catalog.namesVolatileOperator(mentions.operators())
                && !catalog.namesVolatileFunction(mentions.names())
                && !catalog.namesAnyOpaque(mentions.relations());
    }

    private static Reason verdictBesideFunctions(StatementShape statement, CatalogSnapshot catalog) {
        if (statement.access() != Access.READ) {
            return Reason.WRITE;
        }
        if (!catalog.isLoaded() && !statement.names().isEmpty()) {
            return Reason.CATALOG_NOT_LOADED;
        }
        if (catalog.hasHiddenCalls() || catalog.namesVolatileOperator(statement.operators())) {
            return Reason.HIDDEN_FUNCTION;
        }
        return catalog.namesAnyOpaque(statement.names()) ? Reason.OPAQUE_RELATION : Reason.READ;
    }
}
