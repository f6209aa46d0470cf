// SPDX-License-Identifier: Apache-2.0
package io.trunkline;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a class whose instances several event loops touch.
 *
 * <p>Everything else belongs to one event loop and needs no lock. The layer test lets only marked classes use locks, atomics,
 * {@code volatile} and concurrent collections, so the list of shared things is exactly the list of uses of this annotation.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface SharedAcrossLoops {
    /** Says in one sentence why sharing is safe. */
    String value();
}
