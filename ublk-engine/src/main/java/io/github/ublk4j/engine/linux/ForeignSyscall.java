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

package io.github.ublk4j.engine.linux;

import java.lang.invoke.MethodHandle;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

/**
 * The C function {@code syscall} through {@code java.lang.foreign}, which has no more
 * overhead than a call in C. The package exists from Java 22 on, so it is reached by
 * reflection; {@link RequestPathCalls} knows what does the work where it is missing.
 */
final class ForeignSyscall {

	private static final int ARGUMENTS = 7;

	private ForeignSyscall() {
	}

	/**
	 * Looks the function up.
	 * @return a handle that takes the number of the call and six arguments, all
	 * {@code long}, and returns a {@code long}; {@code null} where there is none
	 */
	static @Nullable MethodHandle find() {
		try {
			Class<?> linkerType = Class.forName("java.lang.foreign.Linker");
			Class<?> layoutType = Class.forName("java.lang.foreign.MemoryLayout");
			Class<?> descriptorType = Class.forName("java.lang.foreign.FunctionDescriptor");
			Class<?> segmentType = Class.forName("java.lang.foreign.MemorySegment");
			Object longLayout = Class.forName("java.lang.foreign.ValueLayout").getField("JAVA_LONG").get(null);
			Object[] arguments = (Object[]) Array.newInstance(layoutType, ARGUMENTS);
			Arrays.fill(arguments, longLayout);
			Object descriptor = descriptorType.getMethod("of", layoutType, arguments.getClass())
				.invoke(null, longLayout, arguments);
			Object[] options = (Object[]) Array.newInstance(Class.forName("java.lang.foreign.Linker$Option"), 0);
			Object linker = linkerType.getMethod("nativeLinker").invoke(null);
			Object lookup = linkerType.getMethod("defaultLookup").invoke(linker);
			Optional<?> function = (Optional<?>) Class.forName("java.lang.foreign.SymbolLookup")
				.getMethod("find", String.class)
				.invoke(lookup, "syscall");
			if (function.isEmpty()) {
				return null;
			}
			return (MethodHandle) linkerType
				.getMethod("downcallHandle", segmentType, descriptorType, options.getClass())
				.invoke(linker, function.get(), descriptor, options);
		}
		catch (ReflectiveOperationException | LinkageError | RuntimeException ex) {
			return null;
		}
	}

}
