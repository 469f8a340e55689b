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
import io.github.ublk4j.block.ReadRequest;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks the method of a {@link BlockDevice @BlockDevice} bean that serves
 * {@link BlockOperation#READ}.
 * <p>
 * The method either returns the bytes that were asked for, no more and no fewer, which
 * are then copied to the reader:
 *
 * <pre class="code">
 * &#064;OnRead
 * Mono&lt;ByteBuffer&gt; load(long offset, int length)
 * </pre>
 *
 * or fills a buffer and returns a {@code Mono<Void>}. What it leaves unfilled reads as
 * zeros:
 *
 * <pre class="code">
 * &#064;OnRead
 * Mono&lt;Void&gt; load(long offset, ByteBuffer buffer)
 * </pre>
 *
 * {@link org.springframework.core.io.buffer.DataBuffer DataBuffer} can stand for
 * {@code ByteBuffer}, as can {@code byte[]} for the result; a {@code DataBuffer} that is
 * returned is released. A method that returns {@code void} or bytes without a
 * {@code Mono} may block; it is the only kind that is not called on the queue's thread.
 * Arguments, in any order: {@code long offset} and {@code int length} in bytes, known by
 * these names, a buffer, and the {@link ReadRequest}.
 * <p>
 * On a bean without {@code @BlockDevice} the annotation means nothing.
 */
@Target({ ElementType.METHOD, ElementType.ANNOTATION_TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface OnRead {

}
