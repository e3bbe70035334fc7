/* A reader of the test vectors in C: it makes every update from the numbers of the files alone.
 *
 *   cc -O2 -o run_vectors tests/programs/run_vectors.c -lm && ./run_vectors optim/vectors/torch.json
 *
 * It prints, as JSON, how many vectors it read, how many rules it knows how to make, and which of them failed.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON: a value is a word, a number, or a list of values, which have keys where the list is an object. */
typedef struct Json {
  char *key, *text; /* text of a string; NULL for others */
  double number;
  int true_or_number, count;
  struct Json *items;
} Json;

static const char *at;

static char *string_here(void) {
  char *out = malloc(strlen(at) < 4096 ? strlen(at) : 4096), *end = out;
  for (at++; *at != '"'; at++) {
    if (*at == '\\') at++; /* names in the files have no escapes but of quotes */
    *end++ = *at;
  }
  at++;
  *end = 0;
  return realloc(out, strlen(out) + 1);
}

static void skip(void) {
  while (isspace((unsigned char)*at) || *at == ',' || *at == ':') at++;
}

static Json value_here(void) {
  Json v = {0};
  skip();
  if (*at == '"') {
    v.text = string_here();
  } else if (*at == '{' || *at == '[') {
    char close = *at++ == '{' ? '}' : ']';
    int room = 0;
    for (skip(); *at != close; skip()) {
      char *key = NULL;
      if (close == '}') key = string_here();
      if (v.count == room) v.items = realloc(v.items, (room = 2 * room + 4) * sizeof(Json));
      v.items[v.count] = value_here();
      v.items[v.count++].key = key;
    }
    at++;
  } else if (isalpha((unsigned char)*at)) { /* true, false, null */
    v.true_or_number = *at == 't';
    v.number = v.true_or_number;
    while (isalpha((unsigned char)*at)) at++;
  } else {
    char *end;
    v.number = strtod(at, &end);
    v.true_or_number = 1;
    at = end;
  }
  return v;
}

static Json *of(Json *object, const char *key) {
  for (int i = 0; object && i < object->count; i++)
    if (!strcmp(object->items[i].key, key)) return &object->items[i];
  return NULL;
}

static double num(Json *h, const char *key) {
  Json *found = of(h, key);
  return found ? found->number : 0.0;
}

/* A number of x, in decimals or as a word, or as a hexadecimal float: strtod reads them all. */
static double real(Json *v) { return v->text ? strtod(v->text, NULL) : v->number; }

/* Layers: where each begins, its rows and columns; a layer that is no matrix has columns 0. */
typedef struct { int begin, size, rows, columns; } Layer;

static int layers_of(Json *h, int d, Layer *out) {
  Json *shapes = of(h, "shapes");
  if (!shapes || !shapes->count) {
    out[0] = (Layer){0, d, d, 0};
    return 1;
  }
  for (int k = 0, begin = 0; k < shapes->count; k++) {
    Json *shape = &shapes->items[k];
    int size = 1, matrix = shape->count == 2;
    for (int i = 0; i < shape->count; i++) size *= (int)shape->items[i].number;
    out[k] = (Layer){begin, size, matrix ? (int)shape->items[0].number : size,
                     matrix ? (int)shape->items[1].number : 0};
    begin += size;
  }
  return shapes->count;
}

static double norm(const double *a, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += a[i] * a[i];
  return sqrt(sum);
}

enum { MOST = 64 };

/* X (m x n) by the iteration a X + (b A + c A A) X with A = X X', on the shorter side. */
static void orthogonal(double *X, int m, int n, Json *coefficients, int iterations) {
  double a = coefficients->items[0].number, b = coefficients->items[1].number, c = coefficients->items[2].number;
  int tall = m > n, r = tall ? n : m, k = tall ? m : n;
  double Y[MOST], A[MOST], P[MOST], Z[MOST];
  for (int i = 0; i < r; i++)
    for (int j = 0; j < k; j++) Y[i * k + j] = tall ? X[j * n + i] : X[i * n + j];
  for (; iterations > 0; iterations--) {
    for (int i = 0; i < r; i++)
      for (int j = 0; j < r; j++) {
        A[i * r + j] = 0;
        for (int l = 0; l < k; l++) A[i * r + j] += Y[i * k + l] * Y[j * k + l];
      }
    for (int i = 0; i < r; i++)
      for (int j = 0; j < r; j++) {
        double square = 0;
        for (int l = 0; l < r; l++) square += A[i * r + l] * A[l * r + j];
        P[i * r + j] = b * A[i * r + j] + c * square;
      }
    for (int i = 0; i < r; i++)
      for (int j = 0; j < k; j++) {
        Z[i * k + j] = a * Y[i * k + j];
        for (int l = 0; l < r; l++) Z[i * k + j] += P[i * r + l] * Y[l * k + j];
      }
    memcpy(Y, Z, sizeof Y);
  }
  for (int i = 0; i < r; i++)
    for (int j = 0; j < k; j++) X[tall ? j * n + i : i * n + j] = Y[i * k + j];
}

/* One update: h has the hyperparameters, a, b and c are what the rule remembers, t counts from 1. */
typedef struct { Json *h; int d, t; double lr, *x, *a, *b, *c; const double *g; } Update;

static double adam_step(Json *h, double m, double v, int t, double eps, int hat) {
  double grown = 1 - pow(num(h, "beta2"), t);
  return m / (1 - pow(num(h, "beta1"), t)) / (sqrt(v / grown) + (hat ? eps / sqrt(grown) : eps));
}

static void averages(Update *u, int i) {
  double b1 = num(u->h, "beta1"), b2 = num(u->h, "beta2"), g = u->g[i];
  u->a[i] = b1 * u->a[i] + (1 - b1) * g;
  u->b[i] = b2 * u->b[i] + (1 - b2) * g * g;
}

static int sgd(Update *u) {
  for (int i = 0; i < u->d; i++) u->x[i] -= u->lr * u->g[i];
  return 1;
}

static int momentum(Update *u) {
  int whole = of(u->h, "undamped_first") && num(u->h, "undamped_first") && u->t == 1;
  double damped = whole ? 1 : 1 - num(u->h, "dampening");
  for (int i = 0; i < u->d; i++) u->x[i] -= u->lr * (u->a[i] = num(u->h, "momentum") * u->a[i] + damped * u->g[i]);
  return 1;
}

static int nesterov(Update *u) {
  double beta = num(u->h, "momentum");
  for (int i = 0; i < u->d; i++) {
    u->a[i] = beta * u->a[i] + u->g[i];
    u->x[i] -= u->lr * (u->g[i] + beta * u->a[i]);
  }
  return 1;
}

static int heavy_ball(Update *u) {
  for (int i = 0; i < u->d; i++) u->x[i] += u->a[i] = num(u->h, "momentum") * u->a[i] - u->lr * u->g[i];
  return 1;
}

static double sign(double v) { return (v > 0) - (v < 0); }

static int sign_sgd(Update *u) {
  for (int i = 0; i < u->d; i++) u->x[i] -= u->lr * sign(u->g[i]);
  return 1;
}

static int lion(Update *u) {
  double b1 = num(u->h, "beta1"), b2 = num(u->h, "beta2");
  for (int i = 0; i < u->d; i++) {
    u->x[i] -= u->lr * sign(b1 * u->a[i] + (1 - b1) * u->g[i]);
    u->a[i] = b2 * u->a[i] + (1 - b2) * u->g[i];
  }
  return 1;
}

static double over_root(Update *u, double v) {
  double eps = num(u->h, "eps");
  return num(u->h, "eps_inside") ? sqrt(v + eps) : sqrt(v) + eps;
}

static int adagrad(Update *u) {
  for (int i = 0; i < u->d; i++) {
    if (u->t == 1) u->a[i] = num(u->h, "initial");
    u->x[i] -= u->lr * u->g[i] / over_root(u, u->a[i] += u->g[i] * u->g[i]);
  }
  return 1;
}

static int rmsprop(Update *u) {
  double rho = num(u->h, "rho");
  for (int i = 0; i < u->d; i++) {
    if (u->t == 1) u->a[i] = num(u->h, "initial");
    u->a[i] = rho * u->a[i] + (1 - rho) * u->g[i] * u->g[i];
    u->x[i] -= u->lr * u->g[i] / over_root(u, num(u->h, "debias") ? u->a[i] / (1 - pow(rho, u->t)) : u->a[i]);
  }
  return 1;
}

static int adam(Update *u) {
  double decay = num(u->h, "weight_decay"); /* AdamW's; Adam has none */
  Json *word = of(u->h, "decay");
  if (word && strcmp(word->text, "decoupled")) return 0;
  for (int i = 0; i < u->d; i++) {
    averages(u, i);
    double step = adam_step(u->h, u->a[i], u->b[i], u->t, num(u->h, "eps"), num(u->h, "eps_hat") != 0);
    u->x[i] -= u->lr * (step + decay * u->x[i]);
  }
  return 1;
}

static int cocob(Update *u) { /* x0 stands in c; the largest, the sum, the reward, and theta side by side */
  double alpha = num(u->h, "alpha");
  for (int i = 0; i < u->d; i++) {
    double *most = u->a + i, *total = u->a + u->d + i, *reward = u->b + i, *theta = u->b + u->d + i;
    double g = u->lr * u->g[i];
    if (u->t == 1) u->c[i] = u->x[i], *most = num(u->h, "eps");
    *most = fmax(*most, fabs(g));
    *total += fabs(g);
    *reward = fmax(*reward - g * (u->x[i] - u->c[i]), 0);
    *theta -= g;
    u->x[i] = u->c[i] + *theta / (*most * fmax(*total + *most, alpha * *most)) * (*most + *reward);
  }
  return 1;
}

static int lamb(Update *u) {
  Layer layers[8];
  double r[MOST];
  for (int i = 0; i < u->d; i++) {
    averages(u, i);
    r[i] = adam_step(u->h, u->a[i], u->b[i], u->t, num(u->h, "eps"), 0) + num(u->h, "weight_decay") * u->x[i];
  }
  for (int k = 0, count = layers_of(u->h, u->d, layers); k < count; k++) {
    Layer p = layers[k];
    double ours = norm(u->x + p.begin, p.size), theirs = norm(r + p.begin, p.size);
    double ratio = ours > 0 && theirs > 0 ? ours / theirs : 1;
    for (int i = p.begin; i < p.begin + p.size; i++) u->x[i] -= u->lr * ratio * r[i];
  }
  return 1;
}

static int fromage(Update *u) {
  Layer layers[8];
  double least = num(u->h, "min_norm");
  for (int k = 0, count = layers_of(u->h, u->d, layers); k < count; k++) {
    Layer p = layers[k];
    double ours = fmax(norm(u->x + p.begin, p.size), least), theirs = fmax(norm(u->g + p.begin, p.size), least);
    double ratio = ours > 0 && theirs > 0 ? ours / theirs : 1;
    for (int i = p.begin; i < p.begin + p.size; i++)
      u->x[i] = (u->x[i] - u->lr * ratio * u->g[i]) / sqrt(1 + u->lr * u->lr);
  }
  return 1;
}

static int muons(Update *u, int keras) {
  Layer layers[8];
  Json *h = u->h, *rms = of(h, "rms");
  double beta = num(h, "momentum"), new = keras ? 1 : 1 - beta, decay = num(h, "weight_decay");
  for (int k = 0, count = layers_of(h, u->d, layers); k < count; k++) {
    Layer p = layers[k];
    double X[MOST], *m = u->a + p.begin, *x = u->x + p.begin;
    const double *g = u->g + p.begin;
    for (int i = 0; i < p.size; i++) {
      if (p.columns) {
        m[i] = beta * m[i] + new * g[i];
        X[i] = num(h, "nesterov") ? beta * m[i] + new * g[i] : m[i];
        continue;
      }
      averages(u, p.begin + i);
      double step = adam_step(h, m[i], u->b[p.begin + i], u->t, num(h, "adam_eps"), keras);
      double share = num(h, "adam_ratio"), pull = num(h, "adam_weight_decay") * x[i];
      x[i] -= u->lr * (keras ? share * step + pull : share * (step + pull));
    }
    if (!p.columns) continue;
    double length = norm(X, p.size) + num(h, "eps"), longer = fmax(p.rows, p.columns);
    double scale = sqrt(fmax(1, (double)p.rows / p.columns));
    if (keras) scale = rms->true_or_number ? sqrt(longer) * rms->number : 1;
    for (int i = 0; i < p.size; i++) X[i] /= length;
    orthogonal(X, p.rows, p.columns, of(h, "coefficients"), (int)num(h, "iterations"));
    for (int i = 0; i < p.size; i++) x[i] -= u->lr * (scale * X[i] + decay * x[i]);
  }
  return 1;
}

static int muon(Update *u) { return muons(u, 0); }
static int keras_muon(Update *u) { return muons(u, 1); }

static struct { const char *name; int (*update)(Update *); int made; } rules[] = {
    {"SGD", sgd, 0},         {"Momentum", momentum, 0},  {"Nesterov", nesterov, 0}, {"HeavyBall", heavy_ball, 0},
    {"SignSGD", sign_sgd, 0}, {"Lion", lion, 0},         {"Adagrad", adagrad, 0},   {"RMSprop", rmsprop, 0},
    {"Adam", adam, 0},       {"AdamW", adam, 0},         {"COCOB", cocob, 0},       {"LAMB", lamb, 0},
    {"Fromage", fromage, 0}, {"Muon", muon, 0},          {"KerasMuon", keras_muon, 0}};
enum { RULES = sizeof rules / sizeof *rules };

static int read_, made, passed, failures;

static void fail(const char *name, const char *why) { printf("%s\"%s: %s\"", failures++ ? ", " : "", name, why); }

/* Whether the decimals and the hexadecimal floats of a vector are the same numbers. */
static int written_alike(Json *x, Json *hex) {
  for (int n = 0; n < x->count; n++)
    for (int i = 0; i < x->items[n].count; i++) {
      double a = real(&x->items[n].items[i]), b = real(&hex->items[n].items[i]);
      if (a != b && !(isnan(a) && isnan(b))) return 0;
    }
  return 1;
}

static void try_vector(Json *vector, Json *stream) {
  Json *optimizer = of(vector, "optimizer"), *hex = of(vector, "x_hex"), *x0 = of(stream, "x0");
  const char *name = of(vector, "name")->text, *class = of(optimizer, "class")->text;
  double x[MOST], a[2 * MOST] = {0}, b[2 * MOST] = {0}, c[MOST] = {0}, g[MOST], moved[MOST] = {0}, worst = 0;
  int d = x0->count, k = 0;
  read_++;
  if (!written_alike(of(vector, "x"), hex)) fail(name, "x and x_hex differ");
  while (k < RULES && strcmp(rules[k].name, class)) k++;
  if (k == RULES || strcmp(of(vector, "dtype")->text, "float64")) return;
  for (int i = 0; i < d; i++) x[i] = x0->items[i].number;
  for (int n = 0; n < hex->count; n++) {
    for (int i = 0; i < d; i++) g[i] = real(&of(stream, "gradients")->items[n].items[i]);
    Update u = {optimizer, d, n + 1, of(vector, "rates")->items[n].number, x, a, b, c, g};
    if (!rules[k].update(&u)) return; /* a way of this rule that is not made here */
    for (int i = 0; i < d; i++) {
      double there = real(&hex->items[n].items[i]), by;
      moved[i] = fmax(moved[i], fabs(there - x0->items[i].number));
      if (x[i] == there || (isnan(x[i]) && isnan(there))) continue;
      by = fabs(x[i] - there) / fmax(moved[i], 1e-12 * fabs(there));
      worst = isnan(by) ? INFINITY : fmax(worst, by);
    }
  }
  made++;
  rules[k].made++;
  char why[32];
  snprintf(why, sizeof why, "%g", worst);
  if (worst <= of(vector, "tolerance")->number) passed++;
  else fail(name, why);
}

int main(int count, char **paths) {
  printf("{\"failed\": [");
  for (int k = 1; k < count; k++) {
    FILE *file = fopen(paths[k], "rb");
    if (!file) return fprintf(stderr, "%s: no such file\n", paths[k]), 1;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    char *text = calloc(size + 1, 1);
    rewind(file);
    if (fread(text, 1, size, file) != (size_t)size) return 1;
    fclose(file);
    at = text;
    Json document = value_here(), *vectors = of(&document, "vectors");
    for (int i = 0; i < vectors->count; i++) {
      Json *vector = &vectors->items[i];
      try_vector(vector, of(of(&document, "streams"), of(vector, "stream")->text));
    }
  }
  printf("], \"read\": %d, \"made\": %d, \"passed\": %d, \"rules\": {", read_, made, passed);
  for (int k = 0, first = 1; k < RULES; k++)
    if (rules[k].made) printf("%s\"%s\": %d", first ? "" : ", ", rules[k].name, rules[k].made), first = 0;
  puts("}}");
  return 0;
}
