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

package io.github.ublk4j;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

/**
 * Holds the packages to their order: each knows only those below it.
 */
class ArchitectureTests {

	private static final String ROOT = "io.github.ublk4j.";

	private static final String[] INTERNAL = { ROOT + "engine.device..", ROOT + "engine.queue..",
			ROOT + "engine.driver..", ROOT + "engine.uring..", ROOT + "engine.linux.." };

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages("io.github.ublk4j");

	@ParameterizedTest(name = "{0} knows {1}")
	@CsvSource(delimiter = '|', nullValues = "nothing",
			textBlock = """
					engine.linux  | nothing
					engine.uring  | engine.linux
					engine.driver | engine.uring engine.linux block
					engine.queue  | engine.driver engine.uring engine.linux block metrics
					engine.host   | engine.driver engine.uring engine.linux
					engine.device | engine.queue engine.driver engine.linux block
					engine.simulation | engine.device engine.queue engine.driver engine.linux block
					engine        | engine.simulation engine.host engine.device engine.queue engine.driver engine.uring engine.linux block store metrics
					block         | nothing
					store         | block engine.linux
					store.chunk   | block store engine.linux
					store.mirror  | block store layer
					layer         | block engine.linux
					metrics       | block
					""")
	void packageKnowsOnlyThoseBelowIt(String name, @Nullable String below) {
		DescribedPredicate<JavaClass> allowed = resideInAPackage(ROOT + name)
			.or(DescribedPredicate.not(resideInAPackage(ROOT + "(**)")));
		if (below != null) {
			for (String other : below.split(" ", -1)) {
				allowed = allowed.or(resideInAPackage(ROOT + other));
			}
		}
		check(classes().that().resideInAPackage(ROOT + name).should().onlyDependOnClassesThat(allowed));
	}

	@Test
	void packagesFormNoCycle() {
		check(slices().matching(ROOT + "(**)").should().beFreeOfCycles());
	}

	@Test
	void onlyOnePackageMakesNativeCalls() {
		check(noClasses().that()
			.resideOutsideOfPackage(ROOT + "engine.linux")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("com.sun.jna..")
			.orShould()
			.haveModifier(JavaModifier.NATIVE));
	}

	@Test
	void publicClassesShowNothingOfTheInside() {
		check(classes().that()
			.resideInAnyPackage(ROOT + "block", ROOT + "store..", ROOT + "layer", ROOT + "engine", ROOT + "metrics")
			.or()
			.haveSimpleName("SimulatedDisk")
			.and()
			.arePublic()
			.should(showNothingOf(resideInAnyPackage(INTERNAL))));
	}

	@Test
	void everyPackageIsNullMarked() {
		check(classes().should(resideInANullMarkedPackage()));
	}

	@Test
	void loggingGoesThroughSlf4j() {
		check(GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING);
		check(GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS);
	}

	@Test
	void classesAreNamedAfterWhatTheyAre() {
		check(noClasses().should().haveNameMatching(".*(Manager|Helper|Util|Utils|Impl)"));
	}

	private static void check(ArchRule rule) {
		rule.allowEmptyShould(true).check(CLASSES);
	}

	private static ArchCondition<JavaClass> showNothingOf(DescribedPredicate<JavaClass> inside) {
		return new ArchCondition<>("show nothing of the packages inside") {

			@Override
			public void check(JavaClass type, ConditionEvents events) {
				type.getMembers()
					.stream()
					.filter((member) -> member.getModifiers().contains(JavaModifier.PUBLIC)
							|| member.getModifiers().contains(JavaModifier.PROTECTED))
					.filter((member) -> involves(member, inside))
					.forEach((member) -> events.add(SimpleConditionEvent.violated(member, member.getDescription())));
				if (type.getAllRawSuperclasses().stream().anyMatch(inside)
						|| type.getAllRawInterfaces().stream().anyMatch(inside)) {
					events.add(SimpleConditionEvent.violated(type, type.getDescription() + " extends one"));
				}
			}

		};
	}

	private static boolean involves(JavaMember member, DescribedPredicate<JavaClass> inside) {
		if (member instanceof JavaCodeUnit method) {
			return method.getReturnType().getAllInvolvedRawTypes().stream().anyMatch(inside)
					|| method.getParameterTypes()
						.stream()
						.flatMap((parameter) -> parameter.getAllInvolvedRawTypes().stream())
						.anyMatch(inside)
					|| method.getExceptionTypes().stream().anyMatch(inside);
		}
		return ((JavaField) member).getType().getAllInvolvedRawTypes().stream().anyMatch(inside);
	}

	private static ArchCondition<JavaClass> resideInANullMarkedPackage() {
		return new ArchCondition<>("reside in a package that is @NullMarked") {

			@Override
			public void check(JavaClass type, ConditionEvents events) {
				if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
					events.add(SimpleConditionEvent.violated(type, type.getPackageName() + " is not @NullMarked"));
				}
			}

		};
	}

}
