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

package io.github.ublk4j.spring.autoconfigure;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Methods and types as they are written in a source file that imports what it uses.
 */
final class SourceText {

	private static final int MODIFIERS = Modifier.PRIVATE | Modifier.STATIC | Modifier.FINAL;

	private SourceText() {
	}

	/**
	 * Writes the signature of a method, with the modifiers that can be what is wrong.
	 */
	static String of(Method method) {
		String modifiers = Modifier.toString(method.getModifiers() & MODIFIERS);
		String parameters = Arrays.stream(method.getParameters())
			.map(SourceText::of)
			.collect(Collectors.joining(", ", "(", ")"));
		return (modifiers + " " + of(method.getGenericReturnType()) + " " + method.getName() + parameters).strip();
	}

	private static String of(Parameter parameter) {
		String type = of(parameter.getParameterizedType());
		return parameter.isNamePresent() ? type + " " + parameter.getName() : type;
	}

	/**
	 * Writes a type without packages and enclosing types.
	 */
	static String of(Type type) {
		return type.getTypeName().replaceAll("(?:\\w+[.$])+", "");
	}

}
