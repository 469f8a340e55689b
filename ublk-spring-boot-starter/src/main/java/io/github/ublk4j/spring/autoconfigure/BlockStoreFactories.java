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

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;

/**
 * The kinds of store that {@code ublk.devices.<name>.store} can ask for: those of beans,
 * which go first, and those that need none.
 */
final class BlockStoreFactories {

	private static final List<ConfiguredStoreFactory> OWN = List.of(new MemoryBlockStoreFactory(),
			new FileBlockStoreFactory(), new DirectoryBlockStoreFactory(), new NullBlockStoreFactory(),
			new PatternBlockStoreFactory());

	/** Kinds of the starter that are beans, which are there with what they need. */
	private static final List<OptionalKind> OPTIONAL = List.of(
			new OptionalKind("redis:.*", "redis:<volume>", "spring-boot-starter-data-redis",
					"Add the dependency spring-boot-starter-data-redis, and set spring.data.redis.*; "
							+ "it needs a ReactiveRedisConnectionFactory, which Lettuce brings."),
			new OptionalKind("r2dbc:.*", "r2dbc:<volume>", "spring-boot-starter-r2dbc",
					"Add the dependencies spring-boot-starter-r2dbc and r2dbc-postgresql, and set spring.r2dbc.*; "
							+ "it needs a ConnectionFactory."),
			new OptionalKind("s3:.*", "s3:<bucket>/<prefix>", "software.amazon.awssdk:s3",
					"Add the dependency software.amazon.awssdk:s3, and exactly one bean of the type S3AsyncClient, "
							+ "or one that is @Primary."),
			new OptionalKind("https?://.*", HttpBlockStoreFactory.SYNTAX, "spring-boot-starter-webclient",
					"Add the dependency spring-boot-starter-webclient."));

	/** Those of kinds that may not be there, or that are made of others, too. */
	private static final List<OwnProperty> OWN_PROPERTIES = Stream
		.concat(OWN.stream().map((kind) -> new OwnProperty(kind.syntax(), kind::ownProperty)),
				Stream.of(new OwnProperty(HttpBlockStoreFactory.SYNTAX, (device) -> device.http().ownProperty()),
						new OwnProperty("stripe", (device) -> device.stripe().ownProperty()),
						new OwnProperty("mirror", (device) -> device.mirror().ownProperty())))
		.toList();

	private final ObjectProvider<BlockStoreFactory> beans;

	private final List<ConfiguredStoreFactory> composed = List.of(new StripeBlockStoreFactory(this),
			new MirrorBlockStoreFactory(this));

	BlockStoreFactories(ObjectProvider<BlockStoreFactory> beans) {
		this.beans = beans;
	}

	private Stream<ConfiguredStoreFactory> all() {
		return Stream
			.of(this.beans.orderedStream().map(ConfiguredStoreFactory::of), OWN.stream(), this.composed.stream())
			.flatMap(Function.identity());
	}

	ConfiguredStoreFactory find(String disk, String store) {
		return find(store).orElseThrow(
				() -> new DiskStartupException(
						"There is no store '" + StoreText.shown(store) + "': " + PropertyNames.of(disk, "store") + "="
								+ StoreText.shown(store) + ".",
						remedy(PropertyNames.of(disk, "store"), store, syntax())));
	}

	Optional<ConfiguredStoreFactory> find(String store) {
		return all().filter((factory) -> factory.supports(store)).findFirst();
	}

	/**
	 * Returns what to do about a kind of store that is not there.
	 * @param property what asks for it
	 * @param store what it asks for
	 * @param kinds what can be written instead
	 */
	String remedy(String property, String store, String kinds) {
		return OPTIONAL.stream()
			.filter((kind) -> store.matches(kind.pattern()) && find(store).isEmpty())
			.findFirst()
			.map(OptionalKind::remedy)
			.orElseGet(() -> "Set " + property + " to " + kinds + ".");
	}

	/**
	 * Refuses properties of another kind of store than the disk has, which would be
	 * ignored.
	 * @param disk the name of the disk
	 * @param properties those of the disk
	 * @param used the kind of its store, {@code null} for a bean
	 * @param source what serves the disk
	 */
	void requireOwnProperties(String disk, Device properties, @Nullable ConfiguredStoreFactory used,
			DiskSource source) {
		Set<String> kept = (used != null) ? used.usedProperties(properties) : Set.of();
		for (OwnProperty other : OWN_PROPERTIES) {
			String property = other.property().apply(properties);
			if (property != null && !kept.contains(property)) {
				throw new DiskStartupException(
						PropertyNames.of(disk, property) + " is for a disk with " + PropertyNames.of(disk, "store")
								+ "=" + other.syntax() + "; the disk '" + disk + "' is served by the " + source + ".",
						"Remove the property" + ((used != null) ? ", or change the store."
								: "; what a bean stores its data in is up to its code."));
			}
		}
	}

	/**
	 * Returns what can be written, for people, also with a dependency that is missing.
	 */
	String syntax() {
		Set<String> present = all().map(ConfiguredStoreFactory::syntax).collect(Collectors.toSet());
		return Stream
			.concat(all().map(ConfiguredStoreFactory::syntax),
					OPTIONAL.stream()
						.filter((kind) -> !present.contains(kind.syntax()))
						.map((kind) -> kind.syntax() + " (with " + kind.dependency() + ")"))
			.collect(Collectors.joining(" or "));
	}

	/**
	 * Returns what can be written, for people, where not every kind can be.
	 */
	String syntax(Predicate<ConfiguredStoreFactory> usable) {
		return all().filter(usable).map(ConfiguredStoreFactory::syntax).collect(Collectors.joining(" or "));
	}

	/**
	 * A kind that is there with a dependency.
	 *
	 * @param pattern what asks for it
	 * @param syntax how it is written
	 * @param dependency what it needs first of all
	 * @param remedy all that it needs, a sentence
	 */
	private record OptionalKind(String pattern, String syntax, String dependency, String remedy) {

	}

	private record OwnProperty(String syntax, Function<Device, @Nullable String> property) {

	}

}
