package org.samclip.student;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.DatabindContext;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.jsontype.impl.TypeIdResolverBase;
import java.io.IOException;
import org.samclip.UserError;
import org.samclip.checkpoint.Printable;

/** The {@code kind} in JSON: only records of installed kinds are ever made of it. */
final class KindResolver extends TypeIdResolverBase {

  private JavaType base;
  private Kinds<? extends Kind<?>> kinds;

  @Override
  public void init(JavaType base) {
    this.base = base;
    kinds = base.isTypeOrSubTypeOf(BackboneConfig.class) ? Kinds.backbones() : Kinds.heads();
  }

  @Override
  public String idFromValue(Object value) {
    return kinds.of(value).kind();
  }

  @Override
  public String idFromValueAndType(Object value, Class<?> suggestedType) {
    return idFromValue(value);
  }

  @Override
  public JavaType typeFromId(DatabindContext context, String id) throws IOException {
    try {
      return context.constructType(kinds.named(Printable.of(id)).configType());
    } catch (UserError e) {
      throw ((DeserializationContext) context)
          .invalidTypeIdException(base, Printable.of(id), e.getMessage());
    }
  }

  @Override
  public String getDescForKnownTypeIds() {
    return String.join(", ", kinds.names());
  }

  @Override
  public JsonTypeInfo.Id getMechanism() {
    return JsonTypeInfo.Id.CUSTOM;
  }
}
