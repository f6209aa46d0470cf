// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

/** What is known of functions by name. */
public interface FunctionCatalog {
    /**
     * Returns the nature of a function.
     *
     * @param name folded as PostgreSQL folds it, bare or qualified; the qualification is not relied on
     */
    FunctionNature nature(String name);
}
