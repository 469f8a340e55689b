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

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;

import io.github.ublk4j.block.BlockRequest;

import org.springframework.aop.support.AopUtils;
import org.springframework.core.ResolvableType;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * A method that is annotated with an operation. Refuses it if it cannot be called.
 */
final class OperationMethod {

	private final AnnotatedBean bean;

	private final AnnotatedOperation operation;

	private final Method method;

	OperationMethod(AnnotatedBean bean, AnnotatedOperation operation, Method method) {
		this.bean = bean;
		this.operation = operation;
		this.method = method;
	}

	/**
	 * Plans how the method is called.
	 */
	OperationCall plan() {
		Method invocable = invocable();
		List<OperationArgument> arguments = new OperationParameters(this).arguments();
		OperationResult result = result();
		requireWayOfData(arguments, result);
		return new OperationCall(ClassUtils.getQualifiedMethodName(this.method, type()), handle(invocable, arguments),
				arguments, result);
	}

	/**
	 * Returns the method through which the proxy of the bean, if it has one, is called.
	 */
	private Method invocable() {
		int modifiers = this.method.getModifiers();
		if (Modifier.isPrivate(modifiers) || Modifier.isStatic(modifiers)) {
			String modifier = Modifier.isPrivate(modifiers) ? "private" : "static";
			throw refused("it is " + modifier, "Remove '" + modifier + "'.");
		}
		if (Modifier.isFinal(modifiers) && AopUtils.isCglibProxy(this.bean.object())) {
			throw refused("it is final, so the proxy of the bean cannot pass it on", "Remove 'final'.");
		}
		try {
			return AopUtils.selectInvocableMethod(this.method, this.bean.object().getClass());
		}
		catch (IllegalStateException ex) {
			throw refused("the bean has a proxy with its interfaces alone, none of which has the method",
					"Add the method to one of them, or let the proxy be a subclass: "
							+ "spring.aop.proxy-target-class=true.");
		}
	}

	private OperationResult result() {
		OperationResult result = OperationResult.of(ResolvableType.forMethodReturnType(this.method, type()),
				this.operation == AnnotatedOperation.READ);
		if (result == null) {
			throw refused("it returns " + SourceText.of(this.method.getGenericReturnType()));
		}
		return result;
	}

	private void requireWayOfData(List<OperationArgument> arguments, OperationResult result) {
		boolean givesBuffer = arguments.stream().anyMatch(OperationArgument::givesBuffer);
		if (this.operation.hasData() && !givesBuffer && !result.hasBytes()) {
			throw refused((this.operation == AnnotatedOperation.READ)
					? "it neither returns the bytes nor takes the buffer to put them into"
					: "it does not take the data");
		}
		if (result.hasBytes() && arguments.stream().anyMatch(OperationArgument::isBuffer)) {
			throw refused("it returns the bytes, and takes a buffer to put them into as well");
		}
	}

	private MethodHandle handle(Method invocable, List<OperationArgument> arguments) {
		Class<?>[] types = invocable.getParameterTypes();
		MethodHandle[] sources = new MethodHandle[types.length];
		for (int index = 0; index < types.length; index++) {
			sources[index] = arguments.get(index).source(types[index]);
		}
		MethodHandle handle = MethodHandles.filterArguments(bound(invocable), 0, sources);
		MethodType taken = MethodType.methodType(handle.type().returnType(), BlockRequest.class);
		handle = (types.length == 0) ? MethodHandles.dropArguments(handle, 0, BlockRequest.class)
				: MethodHandles.permuteArguments(handle, taken, new int[types.length]);
		return handle.asType(MethodType.methodType(Object.class, BlockRequest.class));
	}

	private MethodHandle bound(Method invocable) {
		try {
			ReflectionUtils.makeAccessible(invocable);
			return MethodHandles.lookup().unreflect(invocable).asFixedArity().bindTo(this.bean.object());
		}
		catch (IllegalAccessException ex) {
			throw new IllegalStateException("The method " + invocable + " cannot be called", ex);
		}
	}

	Class<?> type() {
		return this.bean.type();
	}

	AnnotatedOperation operation() {
		return this.operation;
	}

	Method method() {
		return this.method;
	}

	DiskStartupException refused(String problem) {
		return refused(problem, this.operation.signatures());
	}

	DiskStartupException refused(String problem, String remedy) {
		return new DiskStartupException(
				"The method '" + this + "' of " + this.bean + " cannot be its " + this.operation + ": " + problem + ".",
				remedy);
	}

	/**
	 * Returns the signature as it is written.
	 */
	@Override
	public String toString() {
		return SourceText.of(this.method);
	}

}
