#include <doctest/doctest.h>

#include "matmul_case.h"

namespace attn::test {
namespace {

TEST_CASE("matmul: every tail of every dimension") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      for (std::int64_t size : awkward_sizes(kernels)) {
        for (std::int64_t pad = 0; pad < 4; ++pad) {
          check_matmul(kernels, {.form = form, .m = size, .n = 33, .k = 17, .pad = pad});
          check_matmul(kernels, {.form = form, .m = 17, .n = size, .k = 9, .pad = pad, .accumulate = true});
          check_matmul(kernels, {.form = form, .m = 7, .n = 35, .k = size, .pad = pad, .bias = true});
        }
      }
    }
  });
}

TEST_CASE("matmul: every tail of rows and columns where a product is cut into blocks") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      for (std::int64_t size : awkward_sizes(kernels)) {
        check_matmul(kernels, {.form = form, .m = 500 + size, .n = 32, .k = 40, .accumulate = true});
        check_matmul(kernels, {.form = form, .m = 300, .n = size, .k = 2000 / size + 1, .pad = 1, .bias = true});
      }
    }
  });
}

TEST_CASE("matmul: few rows") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      for (std::int64_t m = 1; m <= 8; ++m) {
        for (std::int64_t n : {1, 3, 16, 65, 200}) {
          for (std::int64_t k : {1, 8, 33, 128}) {
            check_matmul(kernels, {.form = form, .m = m, .n = n, .k = k, .pad = m % 3});
            check_matmul(kernels, {.form = form,
                                   .m = m,
                                   .n = n,
                                   .k = k,
                                   .bias = true,
                                   .slopes = true,
                                   .activation = Activation::gelu_tanh});
          }
        }
      }
    }
  });
}

TEST_CASE("matmul: up to four rows of dots are computed as each of them is alone, to the last bit") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t n : {1, 3, 16, 65, 200}) {
      for (std::int64_t k : {1, 8, 33, 128, 512, 1100}) {
        for (const bool bias_and_activation : {false, true}) {
          Array a(4 * k), b(n * k), bias(n), together(4 * n), alone(4 * n);
          Matmul p{.form = Form::NT, .m = 4, .n = n, .k = k, .lda = k, .ldb = k, .ldc = n};
          p.a = a.fill_random(1);
          p.b = b.fill_random(2);
          if (bias_and_activation) {
            p.bias = bias.fill_random(3).data();
            p.activation = Activation::gelu_tanh;
          }
          for (p.m = 1; p.m <= 4; ++p.m) {
            p.c = together.data();
            run_matmul(kernels, p);
            Matmul row = p;
            row.m = 1;
            for (std::int64_t r = 0; r < p.m; ++r) {
              row.a = p.a + r * k;
              row.c = alone.data() + r * n;
              run_matmul(kernels, row);
            }
            CHECK(std::equal(p.c, p.c + p.m * n, alone.data()));
          }
        }
      }
    }
  });
}

TEST_CASE("matmul: b of whole numbers with a scale a row") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t size : awkward_sizes(kernels)) {
      for (std::int64_t pad = 0; pad < 4; ++pad) {
        for (std::int64_t few : {1, 2, 4, 5, 17}) {
          check_matmul(kernels, {.form = Form::NT, .m = few, .n = size, .k = 40, .pad = pad, .bytes = true});
          check_matmul(kernels,
                       {.form = Form::NT, .m = few, .n = 35, .k = size, .pad = pad, .bias = true, .bytes = true});
        }
        check_matmul(kernels,
                     {.form = Form::NT, .m = size, .n = 33, .k = 17, .pad = pad, .accumulate = true, .bytes = true});
      }
    }
    for (std::int64_t m : {3, 150}) {
      check_matmul(
          kernels,
          {.form = Form::NT, .m = m, .n = 97, .k = 1030, .bias = true, .activation = Activation::gelu, .bytes = true});
    }
    check_matmul(kernels, {.form = Form::NT, .m = 3, .n = 37, .k = 0, .bias = true, .bytes = true});
    check_matmul(kernels, {.form = Form::NT, .m = 9, .n = 37, .k = 0, .bias = true, .bytes = true});
  });
}

TEST_CASE("matmul: operands rounded to bfloat16, every tail of every dimension") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      for (std::int64_t size : awkward_sizes(kernels)) {
        for (std::int64_t pad = 0; pad < 4; ++pad) {
          check_matmul(kernels, {.form = form, .m = size, .n = 33, .k = 17, .pad = pad, .bf16 = true});
          check_matmul(kernels,
                       {.form = form, .m = 17, .n = size, .k = 9, .pad = pad, .accumulate = true, .bf16 = true});
          check_matmul(kernels, {.form = form, .m = 7, .n = 35, .k = size, .pad = pad, .bias = true, .bf16 = true});
        }
      }
      check_matmul(kernels, {.form = form, .m = 1, .n = 200, .k = 1, .bf16 = true});
      check_matmul(kernels, {.form = form, .m = 5, .n = 37, .k = 0, .bias = true, .bf16 = true});
    }
  });
}

TEST_CASE("matmul: bfloat16 numbers as large as they may be, of very different sizes, and not finite") {
  constexpr std::int64_t kRows = 20, kColumns = 40, kDepth = 300;
  Array a(kRows * kDepth), b(kDepth * kColumns), c(kRows * kColumns);
  const Matmul p{.m = kRows,
                 .n = kColumns,
                 .k = kDepth,
                 .a = a,
                 .lda = kDepth,
                 .b = b,
                 .ldb = kColumns,
                 .bf16 = true,
                 .c = c,
                 .ldc = kColumns};
  for_each_instruction_set([&](const Kernels& kernels) {
    const auto relative_error = [&] {
      run_matmul(kernels, p);
      const naive::Doubles expected = naive::matmul(p, kernels.plan_matmul(p).pairs.scaled);
      double worst = 0;
      for (std::int64_t i = 0; i < c.size(); ++i) {
        const double wanted = expected[static_cast<std::size_t>(i)];
        worst = std::max(worst, std::fabs(c[i] - wanted) / std::max(std::fabs(wanted), 1e-30));
      }
      return worst;
    };
    b.fill(1.9921875f);
    // The sum of a block of whole numbers comes near to 2^31; the last one is rounded to the next power of two.
    for (const float largest : {1.9921875f, -1.9921875f, 1.9999999f}) {
      a.fill(largest);
      CHECK(relative_error() < 1e-5);
    }
    // Every row, column and block of k has a size of its own; some are 0.
    for (std::int64_t i = 0; i < a.size(); ++i) {
      const std::int64_t row = i / kDepth;
      a[i] = row == 3 ? 0.0f : std::ldexp(1 + static_cast<float>(i % 5) / 8, static_cast<int>(row * 3 - 30));
    }
    for (std::int64_t i = 0; i < b.size(); ++i) {
      const std::int64_t row = i / kColumns, column = i % kColumns;
      b[i] =
          row >= 200 ? 0.0f : std::ldexp(1 + static_cast<float>(i % 3) / 4, static_cast<int>(column - row / 64 * 40));
    }
    CHECK(relative_error() < 1e-5);

    a[5 * kDepth + 131] = std::numeric_limits<float>::infinity();
    b[7] = std::numeric_limits<float>::quiet_NaN();
    run_matmul(kernels, p);
    bool as_expected = true;
    for (std::int64_t i = 0; i < c.size(); ++i) {
      as_expected &= std::isfinite(c[i]) == (i / kColumns != 5 && i % kColumns != 7);
    }
    CHECK(as_expected);
  });
}

TEST_CASE("matmul: several blocks of operands rounded to bfloat16") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      check_matmul(kernels, {.form = form, .m = 150, .n = 97, .k = 601, .accumulate = true, .bf16 = true});
      check_matmul(kernels, {.form = form, .m = 1100, .n = 70, .k = 40, .pad = 1, .bf16 = true});
      check_matmul(kernels, {.form = form, .m = 30, .n = 1700, .k = 601, .bf16 = true});
      check_matmul(kernels, {.form = form,
                             .m = 97,
                             .n = 530,
                             .k = 1531,
                             .bias = true,
                             .slopes = true,
                             .activation = Activation::gelu,
                             .bf16 = true});
    }
  });
}

TEST_CASE("matmul: several blocks of rows, columns and depth") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      check_matmul(kernels, {.form = form, .m = 150, .n = 97, .k = 600, .accumulate = true});
      check_matmul(kernels, {.form = form, .m = 64, .n = 65, .k = 1024, .bias = true});
      check_matmul(kernels, {.form = form, .m = 300, .n = 17, .k = 1700, .accumulate = true});
      check_matmul(kernels, {.form = form, .m = 530, .n = 20, .k = 1000, .bias = true});  // fetches rows of a ahead
      check_matmul(kernels, {.form = form, .m = 1100, .n = 70, .k = 40, .pad = 1});
      check_matmul(
          kernels,
          {.form = form, .m = 97, .n = 130, .k = 530, .bias = true, .slopes = true, .activation = Activation::relu});
    }
  });
}

TEST_CASE("matmul: more rows than a pass of dots takes, rows of b that are read in parts") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (std::int64_t m : {5, 7, 8, 12, 16, 17}) {
      for (std::int64_t k : {64, 127, 128, 600, 1601}) {
        check_matmul(kernels, {.form = Form::NT, .m = m, .n = 65, .k = k, .pad = 1, .accumulate = true});
        check_matmul(
            kernels,
            {.form = Form::NT, .m = m, .n = 35, .k = k, .bias = true, .slopes = true, .activation = Activation::gelu});
      }
    }
  });
}

TEST_CASE("matmul: last columns that are few are computed alone, over every block and part") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      for (std::int64_t n : {kernels.vector_floats + 1, std::int64_t{65}, std::int64_t{66}, std::int64_t{68}}) {
        check_matmul(kernels, {.form = form, .m = 150, .n = n, .k = 601, .pad = 1, .accumulate = true});
        check_matmul(
            kernels,
            {.form = form, .m = 100, .n = n, .k = 801, .bias = true, .slopes = true, .activation = Activation::gelu});
      }
      check_matmul(kernels, {.form = form, .m = 40, .n = 2049, .k = 1000, .bias = true});
    }
  });
}

TEST_CASE("matmul: blocks that copy their columns for themselves, in parts and with columns left over") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      check_matmul(kernels, {.form = form, .m = 40, .n = 145, .k = 1700, .pad = 1, .accumulate = true});
      check_matmul(
          kernels,
          {.form = form, .m = 33, .n = 300, .k = 900, .bias = true, .slopes = true, .activation = Activation::gelu});
    }
    check_matmul(kernels, {.form = Form::NT, .m = 40, .n = 145, .k = 1700, .bias = true, .bytes = true});
  });
}

TEST_CASE("matmul: shapes whose operands are copied first") {
  for_each_instruction_set([](const Kernels& kernels) {
    check_matmul(kernels, {.form = Form::NN, .m = 61, .n = 140, .k = 1024, .bias = true});
    check_matmul(kernels, {.form = Form::NT, .m = 61, .n = 140, .k = 1024, .accumulate = true});
    check_matmul(kernels, {.form = Form::TN, .m = 290, .n = 131, .k = 1360, .pad = 1, .accumulate = true});
    check_matmul(kernels, {.form = Form::NN, .m = 40, .n = 128, .k = 4100, .bias = true});
    check_matmul(kernels, {.form = Form::TN, .m = 40, .n = 128, .k = 4100, .accumulate = true});
    // Columns of a whose rows lie 4 KB apart, and, copied while others are multiplied, 16 KB: of the last tiles fewer.
    check_matmul(kernels, {.form = Form::TN, .m = 200, .n = 130, .k = 230, .pad = 1024 - 200, .bias = true});
    check_matmul(kernels, {.form = Form::TN, .m = 1000, .n = 130, .k = 430, .pad = 4096 - 1000, .accumulate = true});
    // b in halves; of several rounds the last is narrower, or less deep
    check_matmul(kernels, {.form = Form::NN, .m = 520, .n = 1290, .k = 209, .bias = true});
    check_matmul(kernels, {.form = Form::TN, .m = 520, .n = 233, .k = 850, .pad = 1, .accumulate = true});
    check_matmul(kernels, {.form = Form::NN, .m = 257, .n = 1340, .k = 170, .bf16 = true});
    // Copied rows of 4 KB.
    check_matmul(kernels, {.form = Form::NN, .m = 20, .n = 70, .k = 1024, .bf16 = true});
    check_matmul(kernels, {.form = Form::NT, .m = 300, .n = 20, .k = 2048, .accumulate = true});
  });
}

TEST_CASE("matmul: one thread alone cuts products otherwise, and computes the same bits") {
  struct {
    std::int64_t m, n, k;
  } const sizes[] = {{120, 210, 400}, {530, 700, 300}, {259, 130, 257}, {530, 705, 300}};  // two with columns alone
  for (const auto [m, n, k] : sizes) {
    Array a(m * k), b(k * n), alone(m * n), shared(m * n);
    a.fill_random(1);
    b.fill_random(2);
    for_each_instruction_set([&](const Kernels& kernels) {
      for (Form form : kForms) {
        Matmul p{.form = form, .m = m, .n = n, .k = k, .a = a, .lda = k, .b = b, .ldb = n, .c = shared, .ldc = n};
        if (form == Form::TN) p.lda = m;
        if (form == Form::NT) p.ldb = k;
        run_matmul(kernels, p);
        p.alone = true;
        p.c = alone;
        run_matmul(kernels, p);
        CHECK(alone.copy() == shared.copy());
      }
    });
  }
}

TEST_CASE("matmul: bias, activation and slopes") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Activation activation : {Activation::none, Activation::relu, Activation::gelu, Activation::gelu_tanh}) {
      for (bool keep : {false, true}) {
        check_matmul(kernels, {.form = Form::NT,
                               .m = 45,
                               .n = 67,
                               .k = 31,
                               .pad = 1,
                               .bias = true,
                               .slopes = keep,
                               .activation = activation});
      }
    }
  });
}

TEST_CASE("matmul: a depth of zero gives the bias, or leaves what is added to") {
  for_each_instruction_set([](const Kernels& kernels) {
    for (Form form : kForms) {
      check_matmul(kernels, {.form = form, .m = 5, .n = 37, .k = 0, .bias = true});
      check_matmul(kernels, {.form = form, .m = 5, .n = 37, .k = 0, .accumulate = true});
      CHECK(kernels.plan_matmul({.form = form, .m = 0, .n = 3, .k = 3}).rounds == 0);
      CHECK(kernels.plan_matmul({.form = form, .m = 3, .n = 0, .k = 3}).rounds == 0);
    }
  });
}

TEST_CASE("matmul: NaN in an operand reaches exactly the elements it belongs to") {
  for_each_instruction_set([](const Kernels& kernels) {
    Array a(20 * 9), b(9 * 40), c(20 * 40);
    a.fill_random(1)[3 * 9 + 2] = std::numeric_limits<float>::quiet_NaN();
    b.fill_random(2);
    run_matmul(kernels, {.m = 20,
                         .n = 40,
                         .k = 9,
                         .a = a,
                         .lda = 9,
                         .b = b,
                         .ldb = 40,
                         .c = c,
                         .ldc = 40,
                         .activation = Activation::gelu});
    for (std::int64_t i = 0; i < 20; ++i) {
      for (std::int64_t j = 0; j < 40; ++j) CHECK(std::isnan(c[i * 40 + j]) == (i == 3));
    }
  });
}

}  // namespace
}  // namespace attn::test
