// SPDX-License-Identifier: Apache-2.0
/**
 * The oracle of sharding: random statements must have through the router the answer one PostgreSQL gives, or be refused with a code.
 *
 * <p>Start reading at {@link io.trunkline.oracle.OracleIT}.
 */
@NullMarked
package io.trunkline.oracle;

import org.jspecify.annotations.NullMarked;
