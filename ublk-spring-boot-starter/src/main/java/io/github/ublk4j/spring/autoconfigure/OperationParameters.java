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
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import io.github.ublk4j.block.BlockRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.core.ResolvableType;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.util.ClassUtils;

/**
 * The parameters of an annotated method.
 */
final class OperationParameters {

	private static final ParameterNameDiscoverer NAMES = new DefaultParameterNameDiscoverer();

	private final OperationMethod subject;

	private final Method method;

	private final AnnotatedOperation operation;

	OperationParameters(OperationMethod subject) {
		this.subject = subject;
		this.method = subject.method();
		this.operation = subject.operation();
	}

	/**
	 * Returns what the method is given.
	 */
	List<OperationArgument> arguments() {
		@Nullable String @Nullable [] names = names();
		List<OperationArgument> arguments = new ArrayList<>();
		for (int index = 0; index < this.method.getParameterCount(); index++) {
			Class<?> type = ResolvableType.forMethodParameter(this.method, index, this.subject.type()).toClass();
			arguments.add(argument(index, type, (names != null) ? names[index] : null));
		}
		return arguments;
	}

	/**
	 * Looks at the interface too: the class of a lambda has no names.
	 */
	private @Nullable String @Nullable [] names() {
		@Nullable String @Nullable [] names = NAMES.getParameterNames(this.method);
		return (names != null) ? names
				: NAMES.getParameterNames(ClassUtils.getInterfaceMethodIfPossible(this.method, this.subject.type()));
	}

	private OperationArgument argument(int index, Class<?> type, @Nullable String name) {
		if (type == this.operation.request()) {
			return OperationArgument.REQUEST;
		}
		if (type == BlockRequest.class) {
			return OperationArgument.ANY_REQUEST;
		}
		boolean read = this.operation == AnnotatedOperation.READ;
		if (type == ByteBuffer.class && this.operation.hasData()) {
			return read ? OperationArgument.READ_BUFFER : OperationArgument.WRITE_BUFFER;
		}
		if (type == DataBuffer.class && this.operation.hasData()) {
			return read ? OperationArgument.READ_DATA_BUFFER : OperationArgument.WRITE_DATA_BUFFER;
		}
		if ((type == long.class || type == int.class) && this.operation.hasRange()) {
			return number(index, type, name);
		}
		throw this.subject
			.refused("it takes " + described(index, name) + ", which " + this.operation + " does not give");
	}

	private OperationArgument number(int index, Class<?> type, @Nullable String name) {
		if (name == null) {
			throw this.subject.refused(
					"its class was compiled without -parameters, so that its offset and its length cannot be told apart",
					"Compile the class with -parameters, as Spring Boot's plugins for Maven and Gradle do, or take a "
							+ this.operation.request().getSimpleName() + ".");
		}
		if (name.equals("offset") && type == long.class) {
			return OperationArgument.OFFSET;
		}
		if (name.equals("length") && type == long.class) {
			return OperationArgument.LENGTH;
		}
		if (name.equals("length") && this.operation.hasData()) {
			return OperationArgument.INT_LENGTH;
		}
		boolean tooSmall = name.equals("offset") || name.equals("length");
		throw this.subject.refused("it takes " + described(index, name)
				+ (tooSmall ? ", which is too small: it has to be a long" : ", which is neither offset nor length"));
	}

	private String described(int index, @Nullable String name) {
		String type = SourceText.of(this.method.getGenericParameterTypes()[index]);
		return "'" + type + ((name != null) ? " " + name : "") + "'";
	}

}
