/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.WriteZeroesRequest;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks the method of a {@link BlockDevice @BlockDevice} bean that serves
 * {@link BlockOperation#WRITE_ZEROES}: the range reads as zeros afterwards.
 *
 * <pre class="code">
 * &#064;OnWriteZeroes
 * Mono&lt;Void&gt; zero(long offset, long length)
 * </pre>
 *
 * A method that returns {@code void} may block; it is the only kind that is not called on
 * the queue's thread. Arguments, in any order: {@code long offset} and
 * {@code long length} in bytes, known by these names, and the {@link WriteZeroesRequest},
 * which alone says {@linkplain WriteZeroesRequest#mayUnmap() whether the space may be
 * given back}.
 * <p>
 * On a bean without {@code @BlockDevice} the annotation means nothing.
 */
@Target({ ElementType.METHOD, ElementType.ANNOTATION_TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface OnWriteZeroes {

}
