// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** On a map of sections: a key that a section does not write has the value it has in the named section beside the map. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface InheritsFrom {
    /** The key of the section, which stands before the map. */
    String value();
}
