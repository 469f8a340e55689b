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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.MethodIntrospector.MetadataLookup;
import org.springframework.util.StringUtils;

/**
 * A {@code @BlockDevice} bean, and its methods that are annotated with operations.
 */
final class AnnotatedBean {

	private final String name;

	private final Object object;

	private final Class<?> type;

	private final Map<AnnotatedOperation, List<OperationMethod>> methods = new EnumMap<>(AnnotatedOperation.class);

	AnnotatedBean(String name, Object object) {
		this.name = name;
		this.object = object;
		this.type = AopProxyUtils.ultimateTargetClass(object);
		MetadataLookup<List<AnnotatedOperation>> lookup = (method) -> {
			List<AnnotatedOperation> operations = AnnotatedOperation.of(method);
			return operations.isEmpty() ? null : operations;
		};
		MethodIntrospector.selectMethods(this.type, lookup)
			.forEach((method, operations) -> operations.forEach((operation) -> add(operation, method)));
	}

	private void add(AnnotatedOperation operation, Method method) {
		this.methods.computeIfAbsent(operation, (absent) -> new ArrayList<>())
			.add(new OperationMethod(this, operation, method));
	}

	/**
	 * Returns whether no method is annotated.
	 */
	boolean isEmpty() {
		return this.methods.isEmpty();
	}

	/**
	 * Returns the annotations of the methods, for people.
	 */
	String annotations() {
		return this.methods.keySet().stream().map(AnnotatedOperation::toString).collect(Collectors.joining(", "));
	}

	/**
	 * Plans how the methods are called.
	 */
	Map<AnnotatedOperation, OperationCall> plan() {
		if (!this.methods.containsKey(AnnotatedOperation.READ)) {
			throw new DiskStartupException(StringUtils.capitalize(toString())
					+ " cannot serve reads: it has methods with " + annotations() + ", but none with @OnRead.",
					"Add one. " + AnnotatedOperation.READ.signatures());
		}
		Map<AnnotatedOperation, OperationCall> calls = new EnumMap<>(AnnotatedOperation.class);
		this.methods.forEach((operation, candidates) -> {
			requireOne(operation, candidates);
			calls.put(operation, candidates.get(0).plan());
		});
		requireDurableWrites(calls);
		return calls;
	}

	private void requireOne(AnnotatedOperation operation, List<OperationMethod> candidates) {
		if (candidates.size() > 1) {
			String found = candidates.stream()
				.map(OperationMethod::toString)
				.sorted(Comparator.naturalOrder())
				.collect(Collectors.joining("' and '", "'", "'"));
			throw new DiskStartupException(StringUtils.capitalize(toString()) + " has " + candidates.size()
					+ " methods with " + operation + ": " + found + ".", "Leave " + operation + " on one of them.");
		}
	}

	/**
	 * Refuses methods that together cannot answer a write with forced unit access: it
	 * takes a flush, for which there is no request.
	 */
	private void requireDurableWrites(Map<AnnotatedOperation, OperationCall> calls) {
		OperationCall write = calls.get(AnnotatedOperation.WRITE);
		OperationCall flush = calls.get(AnnotatedOperation.FLUSH);
		if (write != null && flush != null && !write.takes(OperationArgument.REQUEST::equals)
				&& flush.takes(OperationArgument::isRequest)) {
			throw new DiskStartupException(
					StringUtils.capitalize(toString())
							+ " cannot make a single write durable: its method with @OnFlush takes a request, "
							+ "and there is none of a flush then.",
					"Let the method with @OnFlush take nothing; it is called after such a write. Or let the method with "
							+ "@OnWrite take a WriteRequest, and look at its forceUnitAccess().");
		}
	}

	/**
	 * Returns the bean as it was made, in its proxy if it has one.
	 */
	Object object() {
		return this.object;
	}

	/**
	 * Returns the class that was written.
	 */
	Class<?> type() {
		return this.type;
	}

	@Override
	public String toString() {
		return "the @BlockDevice bean '" + this.name + "' of type " + this.type.getName();
	}

}
