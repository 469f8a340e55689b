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
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.TypeReference;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.core.io.ClassPathResource;

import static org.assertj.core.api.Assertions.assertThat;

class UblkRuntimeHintsTests {

	private final RuntimeHints hints = new RuntimeHints();

	UblkRuntimeHintsTests() {
		new UblkRuntimeHints().registerHints(this.hints, getClass().getClassLoader());
	}

	@Test
	void functionsOfTheCLibraryCanBeBound() throws ClassNotFoundException {
		List<Method> functions = Arrays.stream(Class.forName(UblkRuntimeHints.FUNCTIONS).getDeclaredMethods())
			.filter((method) -> Modifier.isNative(method.getModifiers()))
			.toList();
		assertThat(functions).isNotEmpty()
			.allSatisfy((method) -> assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(method))
				.accepts(this.hints));
		assertThat(this.hints.jni().getTypeHint(TypeReference.of(UblkRuntimeHints.FUNCTIONS))).isNotNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "linux-x86-64", "linux-aarch64" })
	void libraryOfJnaIsPacked(String platform) {
		String library = "com/sun/jna/" + platform + "/libjnidispatch.so";
		assertThat(new ClassPathResource(library).exists()).isTrue();
		assertThat(RuntimeHintsPredicates.resource().forResource(library)).accepts(this.hints);
	}

}
