// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The protocol cases whose required behaviour a test asserts, by their numbers in the catalogue: {@code @Case({"E12", "X03"})}.
 *
 * <p>Stands on a test, on the method that gives a test its scripts, or on a class. A case may need several tests to be shown whole; each of them
 * has the mark then, and none has it before the last is written. Wire scripts say the same by a comment, see {@link WireScript}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface Case {
    /** Returns numbers of cases: a letter and two digits each. */
    String[] value();
}
