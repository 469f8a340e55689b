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

import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;

/**
 * What the engine reaches by reflection or by JNI. JNA binds the methods of the class of
 * C functions, and unpacks the library that does so.
 */
final class UblkRuntimeHints implements RuntimeHintsRegistrar {

	// by name, since nothing outside of its package may use it
	static final String FUNCTIONS = "io.github.ublk4j.engine.linux.Libc";

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		TypeReference functions = TypeReference.of(FUNCTIONS);
		hints.reflection().registerType(functions, MemberCategory.INVOKE_DECLARED_METHODS);
		hints.jni().registerType(functions, MemberCategory.INVOKE_DECLARED_METHODS);
		hints.resources()
			.registerPattern("com/sun/jna/linux-x86-64/libjnidispatch.so")
			.registerPattern("com/sun/jna/linux-aarch64/libjnidispatch.so");
	}

}
