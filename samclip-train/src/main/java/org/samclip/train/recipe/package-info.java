/**
 * The recipe: what a run does, as data.
 *
 * <p>A YAML file becomes a {@link org.samclip.train.recipe.Recipe}, a tree of records that check
 * themselves when they are made. The way of a file: {@link org.samclip.train.recipe.RecipeReader}
 * reads the text, lays it over its {@code base} file, applies the dotted overrides, fills in {@code
 * defaults.yaml} (the one place where defaults live) and binds the tree to the records. Key names
 * read like the paper (arXiv 2310.15308); docs/recipe.md maps each key to its sentence.
 */
package org.samclip.train.recipe;
