// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What an operator must know of one key. The key is the component's name in snake case.
 *
 * <p>The loader, {@code reference.yaml} and the table in the operating guide are all made from this.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /** A key that stands for nothing when it is not written; its component is nullable. */
    String ABSENT = "";

    /** The empty text. */
    String EMPTY = "''";

    /** A key that must be written. */
    String REQUIRED = "(required)";

    /** Says what the key does, in one or two sentences, with the unit and when to change it. */
    String value();

    /** The value when the key is not written, as it would stand in the file. */
    String byDefault() default ABSENT;

    /** The smallest and the largest value as {@code min..max}, both included; for numbers, durations and sizes. */
    String range() default "";
}
